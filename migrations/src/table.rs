//! Builds one table for both databases: which column types, keys and checks we use.

use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_query::{
    ColumnDef, Expr, ExprTrait, Index, PostgresQueryBuilder, SqliteQueryBuilder, Table,
    TableCreateStatement,
};

/// A table under construction for one database.
pub(crate) struct NewTable {
    name: &'static str,
    backend: DbBackend,
    statement: TableCreateStatement,
    indexes: Vec<&'static [&'static str]>,
}

impl NewTable {
    pub(crate) fn new(backend: DbBackend, name: &'static str) -> Self {
        let mut table = Self::of_large_rows(backend, name);
        if backend == DbBackend::Sqlite {
            // Every table has a natural key: rows live in its order and need no second index.
            table.statement.extra("WITHOUT ROWID");
        }
        table
    }

    /// A table whose rows are larger than a small part of a page: on SQLite they stand apart from
    /// the index of their keys, which else would spill over.
    pub(crate) fn of_large_rows(backend: DbBackend, name: &'static str) -> Self {
        let mut statement = Table::create();
        statement.table(name);
        Self {
            name,
            backend,
            statement,
            indexes: Vec::new(),
        }
    }

    /// Text that is compared, sorted or paged over: by bytes on both databases.
    pub(crate) fn name_text(mut self, column: &'static str) -> Self {
        let mut definition = ColumnDef::new(column);
        definition.text().not_null();
        if self.backend == DbBackend::Postgres {
            definition.extra("COLLATE \"C\"");
        }
        self.statement.col(&mut definition);
        self
    }

    pub(crate) fn text(mut self, column: &'static str) -> Self {
        self.statement.col(ColumnDef::new(column).text().not_null());
        self
    }

    pub(crate) fn optional_text(mut self, column: &'static str) -> Self {
        self.statement.col(ColumnDef::new(column).text());
        self
    }

    /// A text that is one of `values`.
    pub(crate) fn choice(mut self, column: &'static str, values: &[&'static str]) -> Self {
        self.statement
            .col(ColumnDef::new(column).text().not_null())
            .check(Expr::col(column).is_in(values.iter().copied()));
        self
    }

    pub(crate) fn int(mut self, column: &'static str) -> Self {
        self.statement
            .col(ColumnDef::new(column).integer().not_null());
        self
    }

    pub(crate) fn optional_int(mut self, column: &'static str) -> Self {
        self.statement.col(ColumnDef::new(column).integer());
        self
    }

    /// A revision, a sequence number, or a time in microseconds since 1970.
    pub(crate) fn big(mut self, column: &'static str) -> Self {
        self.statement
            .col(ColumnDef::new(column).big_integer().not_null());
        self
    }

    pub(crate) fn optional_big(mut self, column: &'static str) -> Self {
        self.statement.col(ColumnDef::new(column).big_integer());
        self
    }

    pub(crate) fn bytes(mut self, column: &'static str) -> Self {
        self.statement.col(ColumnDef::new(column).blob().not_null());
        self
    }

    pub(crate) fn optional_bytes(mut self, column: &'static str) -> Self {
        self.statement.col(ColumnDef::new(column).blob());
        self
    }

    pub(crate) fn check(mut self, rule: impl Into<Expr>) -> Self {
        let rule: Expr = rule.into();
        self.statement.check(rule);
        self
    }

    /// The table holds one row, whose `id` is 1.
    pub(crate) fn single_row(self) -> Self {
        self.int("id").check(Expr::col("id").eq(1)).key(&["id"])
    }

    pub(crate) fn key(mut self, columns: &'static [&'static str]) -> Self {
        let mut key = Index::create();
        for column in columns {
            key.col(*column);
        }
        self.statement.primary_key(&mut key);
        self
    }

    pub(crate) fn index(mut self, columns: &'static [&'static str]) -> Self {
        self.indexes.push(columns);
        self
    }

    /// The statements that make the table and its indexes.
    pub(crate) fn build(self) -> Vec<String> {
        let render_table = |table: &TableCreateStatement| match self.backend {
            DbBackend::Postgres => table.to_string(PostgresQueryBuilder),
            _ => table.to_string(SqliteQueryBuilder),
        };
        let mut statements = vec![render_table(&self.statement)];
        for columns in &self.indexes {
            let mut index = Index::create();
            index
                .name(format!("{}_{}_idx", self.name, columns.join("_")))
                .table(self.name);
            for column in *columns {
                index.col(*column);
            }
            statements.push(match self.backend {
                DbBackend::Postgres => index.to_string(PostgresQueryBuilder),
                _ => index.to_string(SqliteQueryBuilder),
            });
        }
        statements
    }
}
