//! One suite for every store: a SQLite file, SQLite in memory, and a real PostgreSQL that the
//! tests start themselves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it cannot go on"
)]

mod audit;
mod away;
mod backup;
mod faults;
mod log;
mod place;
mod requests;
mod resealed;
mod schema;
mod sealed;
mod writes;

/// Runs each case on the places that it names.
macro_rules! suite {
    ($($place:ident in $variant:ident { $($module:ident: $($case:ident),+;)+ })+) => {
        $(mod $place {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case(crate::place::Place::new(
                        crate::place::Kind::$variant,
                    )).await;
                })+
            })+
        })+
    };
}

suite! {
    sqlite_file in SqliteFile {
        schema: starts_empty_and_becomes_current, migrates_from_eight_callers,
            migrating_again_keeps_the_deployment, newer_schema_is_told, nothing_else_is_a_url;
        writes: commits_and_reads_back, rollback_leaves_nothing, drop_leaves_nothing,
            giving_up_is_safe, head_guard_refuses, last_record_of_a_resource_counts,
            large_commands_are_marked, occupied_place_is_reported, two_stores_interleave,
            a_lock_that_is_held_is_reported;
        log: tail_is_gap_free_and_bounded, tail_reports_a_gap, load_equals_replay,
            load_skips_kinds, history_runs_backwards, signal_changes, bad_row_is_named;
        sealed: erase_keeps_the_row, state_code_keeps_the_bytes, tail_brings_envelopes,
            verifiers_come_and_go, ring_is_made_once, no_ring_is_made_over_a_log;
        resealed: reseal_needs_the_former_bytes, ring_keys_are_replaced_as_they_were_read,
            envelopes_come_in_pages, notices_are_logged_and_not_stated;
        requests: answers_are_kept_and_pruned, answer_without_change, ledger_replaces,
            texts_are_kept_once;
        audit: appends_and_lists, chain_holds_under_concurrency;
        backup: a_copy_is_of_one_moment_while_others_write;
        faults: read_only_is_told, closed_store_is_unavailable;
    }
    sqlite_memory in SqliteMemory {
        schema: starts_empty_and_becomes_current, migrates_from_eight_callers,
            migrating_again_keeps_the_deployment;
        writes: commits_and_reads_back, rollback_leaves_nothing, drop_leaves_nothing,
            giving_up_is_safe, head_guard_refuses, last_record_of_a_resource_counts,
            large_commands_are_marked, two_stores_interleave;
        log: tail_is_gap_free_and_bounded, tail_ends_early_when_large, load_equals_replay,
            load_skips_kinds, history_runs_backwards, signal_changes;
        sealed: erase_keeps_the_row, state_code_keeps_the_bytes, tail_brings_envelopes,
            verifiers_come_and_go, ring_is_made_once, no_ring_is_made_over_a_log;
        resealed: reseal_needs_the_former_bytes, ring_keys_are_replaced_as_they_were_read,
            envelopes_come_in_pages, notices_are_logged_and_not_stated;
        requests: answers_are_kept_and_pruned, answer_without_change, ledger_replaces,
            texts_are_kept_once;
        audit: appends_and_lists, chain_holds_under_concurrency;
        faults: closed_store_is_unavailable;
    }
    postgres in Postgres {
        backup: a_server_is_not_one_file;
        schema: starts_empty_and_becomes_current, migrates_from_eight_callers,
            migrating_again_keeps_the_deployment, newer_schema_is_told;
        writes: commits_and_reads_back, rollback_leaves_nothing, drop_leaves_nothing,
            giving_up_is_safe, head_guard_refuses, last_record_of_a_resource_counts,
            large_commands_are_marked, occupied_place_is_reported, two_stores_interleave,
            a_lock_that_is_held_is_reported;
        log: tail_is_gap_free_and_bounded, tail_reports_a_gap, load_equals_replay,
            load_skips_kinds, history_runs_backwards, signal_changes, bad_row_is_named;
        sealed: erase_keeps_the_row, state_code_keeps_the_bytes, tail_brings_envelopes,
            verifiers_come_and_go, ring_is_made_once, no_ring_is_made_over_a_log;
        resealed: reseal_needs_the_former_bytes, ring_keys_are_replaced_as_they_were_read,
            envelopes_come_in_pages, notices_are_logged_and_not_stated;
        requests: answers_are_kept_and_pruned, answer_without_change, ledger_replaces,
            texts_are_kept_once;
        audit: appends_and_lists, chain_holds_under_concurrency;
        faults: read_only_is_told, closed_store_is_unavailable, frozen_server_times_out,
            stopped_server_is_unavailable, full_pool_is_unavailable, commits_wake_listeners,
            begin_given_up_leaves_no_transaction;
        away: calls_fail_at_once_while_it_is_away, ended_sessions_are_not_noticed,
            no_room_to_listen_is_not_away, a_lost_commit_is_settled, a_write_that_rests_is_ended;
    }
}
