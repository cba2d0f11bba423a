CREATE TABLE "prompt_text" ( "hash" blob NOT NULL, "value" text NOT NULL, PRIMARY KEY ("hash"), CHECK (length(hash) = 32) );
UPDATE schema_compat SET version = 2, min_reader = 2, min_writer = 2;
