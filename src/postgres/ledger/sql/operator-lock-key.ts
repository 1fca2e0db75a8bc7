/** The key of the advisory lock that makes one operator at a time: the bytes of "belay". */
export const operatorLockKey = 0x62_65_6c_61_79;
