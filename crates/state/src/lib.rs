//! State version 4: codec, journal, locks and backends.
