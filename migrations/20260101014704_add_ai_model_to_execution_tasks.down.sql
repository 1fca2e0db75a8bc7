-- Takes back AddAiModelToExecutionTasks

ALTER TABLE execution_tasks DROP COLUMN ai_model;
