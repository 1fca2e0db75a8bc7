import { access, statfs } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import type { Distribution } from "./binaries.js";

/** Below this, parallel queries run out of /dev/shm; containers often have 64 MB there. */
const ENOUGH_SHARED_MEMORY_BYTES = 256 * 1024 * 1024;

/** What every sandbox server runs with, as `name=value` (manual, chapter 19 "Server Configuration"). */
const SETTINGS: readonly string[] = [
  "listen_addresses=127.0.0.1",
  // The path of a socket must stay below about 100 bytes, which a project's path may not.
  "unix_socket_directories=",
  "max_connections=200",
  "shared_buffers=128MB",
  "max_locks_per_transaction=256",
  "wal_level=logical",
  "max_prepared_transactions=10",
  // What these guard against is a crash of the machine; a crash of processes loses nothing without them.
  "fsync=off",
  "full_page_writes=off",
  "timezone=UTC",
  "log_timezone=UTC",
];

/** The settings for this distribution on this machine. */
export async function settingsFor(distribution: Distribution): Promise<readonly string[]> {
  const settings = [...SETTINGS];
  if (await isThere(join(distribution.directory, "lib", "postgresql", "pg_stat_statements.so"))) {
    settings.push("shared_preload_libraries=pg_stat_statements");
  }
  if (await isSharedMemorySmall()) settings.push("dynamic_shared_memory_type=mmap");
  return settings;
}

async function isSharedMemorySmall(): Promise<boolean> {
  if (platform() !== "linux" || !(await isThere("/dev/shm"))) return false;
  const { bsize, bavail } = await statfs("/dev/shm");
  return bsize * bavail < ENOUGH_SHARED_MEMORY_BYTES;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
