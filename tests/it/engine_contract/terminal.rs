//! Laws about shells, and about what is typed to a server's own process.

use std::time::Duration;

use berth::drivers::engine::{
    EngineError, LogStream, ObservedState, Outcome, ShellKey, Terminal, TerminalSize, fake::Program,
};
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;

use super::world::{PATIENCE, World, made, running, server, spec, until};

const GRACE: Duration = Duration::from_secs(5);
const SIZE: TerminalSize = TerminalSize {
    columns: 80,
    rows: 24,
};

fn shell(name: &str) -> ShellKey {
    ShellKey::new(format!("con_{name}")).unwrap()
}

async fn type_in(terminal: &mut Terminal, keys: &str) {
    terminal.input.write_all(keys.as_bytes()).await.unwrap();
    terminal.input.flush().await.unwrap();
}

/// What is printed until `so` is content.
async fn printed(terminal: &mut Terminal, so: impl Fn(&str) -> bool) -> String {
    let mut seen = String::new();
    let read = async {
        while !so(&seen) {
            let piece = terminal.output.next().await.expect("more output").unwrap();
            seen.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    let done = tokio::time::timeout(PATIENCE, read).await;
    assert!(done.is_ok(), "{seen:?}");
    seen
}

async fn ended(terminal: &mut Terminal) {
    let rest = async { while terminal.output.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, rest)
        .await
        .expect("the output ends");
}

pub(super) async fn what_is_typed_is_seen_and_done(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    let mut terminal = engine.open_shell(&spec.server, &shell("1"), SIZE).await.unwrap();
    type_in(&mut terminal, "echo hello\r").await;
    // Once as typed, once as said.
    printed(&mut terminal, |seen| seen.matches("hello").count() >= 2).await;
    type_in(&mut terminal, "stty size\r").await;
    printed(&mut terminal, |seen| seen.contains("24 80")).await;
    let wide = TerminalSize {
        columns: 101,
        rows: 33,
    };
    engine.resize(&terminal.id, wide).await.unwrap();
    type_in(&mut terminal, "stty size\r").await;
    printed(&mut terminal, |seen| seen.contains("33 101")).await;
    type_in(&mut terminal, "exit\r").await;
    ended(&mut terminal).await;
    engine.resize(&terminal.id, SIZE).await.unwrap();
    let over = engine.end_shell(&spec.server, &shell("1")).await.unwrap();
    assert_eq!(over, Outcome::Already);
}

pub(super) async fn a_shell_ends_when_told_to_and_no_sooner(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    let mut one = engine.open_shell(&spec.server, &shell("1"), SIZE).await.unwrap();
    let mut two = engine.open_shell(&spec.server, &shell("2"), SIZE).await.unwrap();
    drop(engine.open_shell(&spec.server, &shell("3"), SIZE).await.unwrap());
    for terminal in [&mut one, &mut two] {
        type_in(terminal, "echo hello\r").await;
        printed(terminal, |seen| seen.matches("hello").count() >= 2).await;
    }
    assert_eq!(
        engine.end_shell(&spec.server, &shell("1")).await.unwrap(),
        Outcome::Done
    );
    ended(&mut one).await;
    type_in(&mut two, "echo again\r").await;
    printed(&mut two, |seen| seen.matches("again").count() >= 2).await;
    // Whoever opened it hung up, and it is there all the same: only this ends it.
    let others = world.other_panel();
    assert_eq!(
        others.end_shell(&spec.server, &shell("3")).await.unwrap(),
        Outcome::Done
    );
    assert_eq!(
        others.end_shell(&spec.server, &shell("3")).await.unwrap(),
        Outcome::Already
    );
}

pub(super) async fn a_shell_ends_with_its_server(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    made(world, &spec).await;
    let refused = engine.open_shell(&spec.server, &shell("1"), SIZE).await;
    assert!(matches!(refused, Err(EngineError::NotRunning(_))), "{refused:?}");
    running(world, &spec).await;
    let mut terminal = engine.open_shell(&spec.server, &shell("1"), SIZE).await.unwrap();
    type_in(&mut terminal, "echo hello\r").await;
    printed(&mut terminal, |seen| seen.matches("hello").count() >= 2).await;
    engine.stop(&spec.server, GRACE).await.unwrap();
    ended(&mut terminal).await;
    assert_eq!(
        engine.end_shell(&spec.server, &shell("1")).await.unwrap(),
        Outcome::Gone
    );
    let never = engine.open_shell(&server("none"), &shell("1"), SIZE).await;
    assert!(matches!(never, Err(EngineError::NotRunning(_))), "{never:?}");
    assert_eq!(
        engine.end_shell(&server("none"), &shell("1")).await.unwrap(),
        Outcome::Gone
    );
}

fn answering() -> Program {
    Program {
        output: vec![
            (LogStream::Stdout, "one".to_owned()),
            (LogStream::Stdout, "two".to_owned()),
        ],
        answers: true,
        ..Program::default()
    }
}

pub(super) async fn a_servers_own_process_can_be_typed_to(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    world.program(&mut spec, answering());
    spec.open_stdin = true;
    made(world, &spec).await;
    let refused = engine.attach(&spec.server, 10).await;
    assert!(matches!(refused, Err(EngineError::NotRunning(_))), "{refused:?}");
    running(world, &spec).await;
    let mut terminal = engine.attach(&spec.server, 10).await.unwrap();
    printed(&mut terminal, |seen| seen.contains("one\ntwo\n")).await;
    type_in(&mut terminal, "say hello\n").await;
    printed(&mut terminal, |seen| seen.contains("got say hello\n")).await;
    // Whoever leaves does not take the input along.
    drop(terminal);
    let mut terminal = engine.attach(&spec.server, 1).await.unwrap();
    assert_eq!(
        printed(&mut terminal, |seen| seen.ends_with('\n')).await,
        "got say hello\n"
    );
    engine.resize(&terminal.id, SIZE).await.unwrap();
    type_in(&mut terminal, "again\n").await;
    printed(&mut terminal, |seen| seen.contains("got again\n")).await;
    let seen = engine.observe(&spec.server).await.unwrap();
    assert_eq!((seen.state, seen.restart_count), (ObservedState::Running, 0));
    engine.stop(&spec.server, GRACE).await.unwrap();
    ended(&mut terminal).await;
}

pub(super) async fn a_server_without_an_open_input_takes_none(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    until(world, &spec.server, |seen| seen.state == ObservedState::Running).await;
    let refused = engine.attach(&spec.server, 10).await;
    assert!(matches!(refused, Err(EngineError::NoInput(_))), "{refused:?}");
}
