-- belay:title idx_ai_model
-- belay:proposal fsar_c3d91e08-6b7f-4d52-9a40-1f0e8b6a2d77
-- belay:severity 6
-- belay:requires 20260101014704_add_ai_model_to_execution_tasks
-- Keep the dashboard fast › Lookup by model

CREATE INDEX CONCURRENTLY idx_ai_model ON execution_tasks (ai_model);
