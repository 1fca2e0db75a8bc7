-- Takes back idx_ai_model

DROP INDEX CONCURRENTLY idx_ai_model;
