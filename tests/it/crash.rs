//! A panel that is killed between any two steps goes on from what it finds: after a restart every wish is reached, and
//! nothing is left on the engine that nobody asked for.
//!
//! A crash point is a name in the source. A case says in the course of which command the panel dies at it, and every
//! point has a case. The real binary dies by SIGKILL, against a real Docker Engine.

pub(crate) mod docker;
pub(crate) mod life;
mod told;

use std::collections::BTreeSet;
use std::path::Path;

use berth::servers::model::Step;
use futures_util::future::join_all;

use life::{Life, Wish};

/// Mostly it is waited for the lease of the dead to run out, so cases go together.
async fn survive(cases: &[(Wish, &str)]) {
    docker::prepare().await;
    join_all(cases.iter().map(|(wish, point)| case(*wish, point))).await;
}

async fn case(wish: Wish, point: &str) {
    let life = Life::begin().await;
    let first = if wish == Wish::StopInstall {
        Wish::CreateEgg
    } else {
        Wish::Create
    };
    if !wish.is_first() {
        life.ask(first).await;
        life.settle(first).await;
    }
    match wish {
        Wish::Update => life.fall_behind("tiny").await,
        Wish::BadUpdate => life.fall_behind("brittle").await,
        Wish::Part => {
            life.ask(Wish::Join).await;
            life.settle(Wish::Join).await;
        }
        Wish::StopInstall => {
            life.ask(Wish::Stop).await;
            life.settle(Wish::Stop).await;
            life.begin_install().await;
        }
        Wish::Restore | Wish::Erase | Wish::Expire => {
            life.ask(Wish::Delete).await;
            life.settle(Wish::Delete).await;
        }
        _ => {}
    }
    // Asked for while no panel runs, so that it is this wish in whose course the panel dies.
    life.ask(wish).await;
    life.die_at(point).await;
    life.settle(wish).await;
    if wish == Wish::Join {
        life.ask(Wish::Part).await;
        life.settle(Wish::Part).await;
    }
    if !wish.is_last() {
        if wish != Wish::Delete {
            life.ask(Wish::Delete).await;
        }
        life.ask(Wish::Erase).await;
        life.settle(Wish::Erase).await;
    }
}

const CREATE: &[(Wish, &str)] = &[
    (Wish::Create, "servers.claimed"),
    (Wish::Create, "servers.after_image"),
    (Wish::Create, "servers.after_network"),
    (Wish::Create, "servers.after_volumes"),
    (Wish::Create, "servers.after_ensure"),
    (Wish::Create, "servers.after_start"),
    (Wish::Create, "servers.unwritten"),
];
const CHANGE: &[(Wish, &str)] = &[
    (Wish::Stop, "servers.claimed"),
    (Wish::Stop, "servers.after_stop"),
    (Wish::Kill, "servers.after_kill"),
    (Wish::Restart, "servers.after_stop"),
    (Wish::Restart, "servers.after_note_restart"),
    (Wish::Change, "servers.after_stop"),
    (Wish::Change, "servers.after_ensure"),
    (Wish::Resize, "servers.after_resize"),
];
const UPDATE: &[(Wish, &str)] = &[
    (Wish::Update, "servers.after_stop"),
    (Wish::Update, "servers.after_start"),
    (Wish::Update, "servers.on_trial"),
    (Wish::BadUpdate, "servers.after_start"),
    (Wish::BadUpdate, "servers.update_failed"),
];
const DELETE: &[(Wish, &str)] = &[
    (Wish::Delete, "servers.claimed"),
    (Wish::Delete, "servers.after_stop"),
    (Wish::Delete, "servers.after_remove_container"),
    (Wish::Delete, "servers.after_release_ports"),
    (Wish::Delete, "servers.after_remove_network"),
    (Wish::Delete, "servers.unwritten"),
];
const RESTORE: &[(Wish, &str)] = &[
    (Wish::Restore, "servers.claimed"),
    (Wish::Restore, "servers.after_image"),
    (Wish::Restore, "servers.after_network"),
    (Wish::Restore, "servers.after_volumes"),
    (Wish::Restore, "servers.after_ensure"),
    (Wish::Restore, "servers.after_start"),
    (Wish::Restore, "servers.unwritten"),
];
const ERASE: &[(Wish, &str)] = &[
    (Wish::Erase, "servers.claimed"),
    (Wish::Erase, "servers.after_remove_container"),
    (Wish::Erase, "servers.after_remove_volumes"),
    (Wish::Erase, "servers.after_remove_network"),
    (Wish::Erase, "servers.after_forget"),
    (Wish::Expire, "servers.expired"),
    (Wish::Expire, "servers.after_remove_volumes"),
];

/// In the middle of counting the crashes of a server, and when it was enough.
const CRASHES: &[(Wish, &str)] = &[
    (Wish::Crash, "servers.unwritten"),
    (Wish::Crash, "servers.crashed_too_often"),
];

const INSTALL: &[(Wish, &str)] = &[
    (Wish::CreateEgg, "servers.after_install"),
    (Wish::StopInstall, "servers.after_end_install"),
];

const NETWORK: &[(Wish, &str)] = &[
    (Wish::Join, "engine.network_connected"),
    (Wish::Join, "servers.after_wire"),
    (Wish::Part, "servers.after_wire"),
    (Wish::Part, "networks.removed"),
];

/// Between an effect on the engine and the driver's answer about it.
const DRIVER: &[(Wish, &str)] = &[
    (Wish::Create, "engine.network_made"),
    (Wish::Create, "engine.volume_made"),
    (Wish::Create, "servers.volume_there"),
    (Wish::Create, "engine.container_made"),
    (Wish::Create, "engine.container_started"),
    (Wish::Change, "engine.container_discarded"),
];

#[tokio::test]
async fn a_panel_that_dies_inside_the_driver_goes_on() {
    survive(DRIVER).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_creating_goes_on() {
    survive(CREATE).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_changing_goes_on() {
    survive(CHANGE).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_updating_goes_on_or_back() {
    survive(UPDATE).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_installing_goes_on() {
    survive(INSTALL).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_networks_change_goes_on() {
    survive(NETWORK).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_deleting_goes_on() {
    survive(DELETE).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_restoring_goes_on() {
    survive(RESTORE).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_erasing_goes_on() {
    survive(ERASE).await;
}

#[tokio::test]
async fn a_panel_that_dies_goes_on_counting_crashes() {
    survive(CRASHES).await;
}

#[tokio::test]
async fn a_server_that_ends_at_once_is_stopped_and_says_how_it_ended() {
    stopped(Wish::Crash).await;
}

#[tokio::test]
async fn a_server_that_takes_all_memory_is_stopped_and_says_so() {
    stopped(Wish::Hog).await;
}

async fn stopped(wish: Wish) {
    docker::prepare().await;
    let life = Life::begin().await;
    for wish in [wish, Wish::Delete, Wish::Erase] {
        life.ask(wish).await;
        life.settle(wish).await;
    }
}

#[test]
fn every_crash_point_has_a_case() {
    let cases = [
        CREATE, CHANGE, UPDATE, INSTALL, NETWORK, DELETE, RESTORE, ERASE, CRASHES, DRIVER,
    ]
    .concat();
    // Runs of schedules, copies, moves, the volume driver, mail, imports, restores of the panel, and what is told of tickets die in
    // tests of their own.
    let elsewhere = crate::schedules::POINTS.iter().map(|(point, ..)| *point);
    let elsewhere = elsewhere
        .chain(crate::origin::points())
        .chain(crate::disk::points())
        .chain(crate::snapshots::points())
        .chain(crate::backups::points())
        .chain(crate::volumes::points())
        .chain(crate::breakdown::POINTS)
        .chain(crate::mail::POINTS)
        .chain(crate::mail_import::POINTS)
        .chain(crate::mail_fetches::POINTS)
        .chain(crate::mail_service::POINTS)
        .chain(crate::panel_backup::POINTS)
        .chain(crate::exit::POINTS)
        .chain(crate::drills::POINTS)
        .chain(crate::incidents::POINTS)
        .chain(crate::tenant_volumes::POINTS)
        .chain(told::POINTS);
    let tested = cases.iter().map(|(_, point)| *point).chain(elsewhere);
    let tested: BTreeSet<String> = tested.map(str::to_owned).collect();
    let steps = Step::ALL
        .iter()
        .map(|step| format!("servers.after_{}", step.word()));
    let mut points: BTreeSet<String> = steps.collect();
    named(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut points,
    );
    assert_eq!(tested, points);
}

/// The crash points that stand in the source by their full name.
fn named(folder: &Path, points: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named(&path, points);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let calls = text.split("fault::point(\"").skip(1);
        points.extend(calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
}
