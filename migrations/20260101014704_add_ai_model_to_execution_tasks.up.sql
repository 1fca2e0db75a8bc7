-- belay:title AddAiModelToExecutionTasks
-- belay:proposal fsar_c3d91e08-6b7f-4d52-9a40-1f0e8b6a2d77
-- belay:severity 6
-- Stop the failing tasks › Missing column

ALTER TABLE execution_tasks ADD COLUMN ai_model character varying;
