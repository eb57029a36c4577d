//! The contract of `drivers::engine::Engine`, kept by every engine: one suite, run against the fake and a real Docker.
//!
//! A law is written against a [`World`]: an engine, and what a law must be able to do behind its back.
//! Nothing is skipped: a Docker Engine answers at `/var/run/docker.sock`, and Debian's `busybox-static` is installed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

pub(crate) mod backup;
mod copies;
pub(crate) mod docker_world;
mod fake_world;
mod files;
mod files_docker;
mod guard;
mod hardening;
mod injection;
mod installations;
mod io;
mod lifecycle;
mod measured;
mod networks;
mod outside;
mod ownership;
mod parts;
mod ports;
mod quirks;
mod terminal;
mod unknown;
mod world;

use docker_world::DockerWorld;
use fake_world::FakeWorld;

macro_rules! contract {
    ($($area:ident { $($law:ident,)+ })+) => {
        mod fake {
            $($(
                #[tokio::test]
                async fn $law() {
                    super::$area::$law(&super::FakeWorld::new()).await;
                }
            )+)+
        }

        mod docker {
            $($(
                #[tokio::test]
                async fn $law() {
                    super::$area::$law(&super::DockerWorld::new().await).await;
                }
            )+)+
        }
    };
}

contract! {
    lifecycle {
        gone_is_a_value,
        a_server_lives_and_ends,
        a_killed_server_stays_down,
        ensuring_again_changes_nothing,
        another_specification_makes_another_container,
        limits_change_while_it_runs,
        what_is_missing_is_named_and_nothing_is_lost,
        many_at_once_make_one_container,
        a_crash_loop_shows_and_can_be_stopped,
        a_wrong_specification_is_refused,
        health_is_seen,
        an_engine_that_is_away_comes_back,
    }
    ports {
        ports_are_published_where_asked,
        a_taken_port_is_named,
    }
    parts {
        a_network_is_made_once,
        a_network_in_use_stays,
        a_volume_is_made_once_and_keeps_its_data,
        a_volume_in_use_stays,
        an_image_is_built_listed_and_removed,
        a_build_that_cannot_work_fails,
        the_host_is_described,
    }
    networks {
        a_server_joins_and_leaves_networks_while_it_runs,
        a_server_that_does_not_run_starts_where_it_was_put,
        networks_of_others_are_not_joined,
        a_network_in_use_stays_and_one_that_is_gone_is_left,
    }
    guard {
        the_guard_comes_and_goes,
        a_foreign_guard_is_not_touched,
        a_guard_is_no_server_but_tells_of_itself,
    }
    io {
        logs_are_lines_in_order,
        a_followed_log_ends_with_the_server,
        a_long_line_is_cut,
        stats_are_of_running_servers,
        many_are_measured_at_once,
        commands_run_inside,
        a_command_that_takes_too_long_is_not_waited_for,
        files_go_in_and_out,
        events_tell_of_our_containers,
    }
    files {
        files_are_written_listed_read_and_removed,
        a_folder_of_any_size_comes_in_parts,
        names_of_any_bytes_are_names,
        a_path_over_a_link_is_refused,
        an_upload_goes_on_where_it_was_cut_off,
        what_is_cut_off_leaves_the_old_file,
        what_changed_meanwhile_is_not_overwritten,
        entries_get_other_places_and_modes,
        a_folder_is_a_tar,
        files_need_volumes_of_the_tenant,
        a_helper_is_no_server_and_in_nobodys_way,
        files_of_an_engine_that_is_away_come_back,
    }
    copies {
        volumes_are_copied_over_whatever_is_there,
        only_the_two_servers_volumes_are_copied,
    }
    terminal {
        what_is_typed_is_seen_and_done,
        a_shell_ends_when_told_to_and_no_sooner,
        a_shell_ends_with_its_server,
        a_servers_own_process_can_be_typed_to,
        a_server_without_an_open_input_takes_none,
    }
    ownership {
        a_foreign_container_is_not_touched,
        foreign_networks_volumes_and_images_are_not_touched,
        another_tenants_parts_are_not_used,
        all_of_ours_are_seen_and_nothing_else,
    }
}
