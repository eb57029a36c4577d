//! Laws about what comes out of a server and goes into it.

use std::time::Duration;

use berth::drivers::engine::{
    EngineError, EngineEvent, EventKind, LogQuery, LogStream, MAX_LOG_LINE, Subject, fake::Program,
};
use futures_util::{StreamExt, TryStreamExt};

use super::world::{PATIENCE, World, made, running, server, spec, tar};

const GRACE: Duration = Duration::from_secs(5);

fn output(lines: &[(LogStream, &str)]) -> Program {
    let output = lines
        .iter()
        .map(|(stream, text)| (*stream, (*text).to_owned()))
        .collect();
    Program {
        output,
        ..Program::default()
    }
}

/// The first lines that a server writes.
async fn first_lines(world: &dyn World, count: usize) -> Vec<berth::drivers::engine::LogLine> {
    let follow = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let lines = world.engine().logs(&server("a"), follow).await.unwrap();
    let first = lines.take(count).try_collect();
    tokio::time::timeout(PATIENCE, first)
        .await
        .expect("as many lines as were written")
        .unwrap()
}

pub(super) async fn logs_are_lines_in_order(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    let written = [
        (LogStream::Stdout, "one"),
        (LogStream::Stderr, "two"),
        (LogStream::Stdout, "three ü"),
    ];
    world.program(&mut spec, output(&written));
    running(world, &spec).await;
    let all = first_lines(world, 3).await;
    let seen: Vec<_> = all.iter().map(|line| (line.stream, line.text.as_str())).collect();
    assert_eq!(seen, written);
    assert!(all.iter().all(|line| line.at.is_some() && !line.cut), "{all:?}");

    let query = |tail, since| LogQuery {
        tail,
        since,
        ..LogQuery::default()
    };
    let logs = async |query| {
        engine
            .logs(&spec.server, query)
            .await
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap()
    };
    assert_eq!(logs(query(None, None)).await, all);
    assert_eq!(logs(query(Some(1), None)).await, all[2..]);
    assert_eq!(logs(query(Some(0), None)).await, []);
    assert_eq!(logs(query(None, all[1].at)).await, all[1..]);
    let until = LogQuery {
        until: all[1].at,
        ..LogQuery::default()
    };
    assert_eq!(logs(until).await, all[..2]);
    let of = |stream| LogQuery {
        stream: Some(stream),
        ..LogQuery::default()
    };
    assert_eq!(logs(of(LogStream::Stderr)).await, all[1..2]);
    assert_eq!(
        logs(of(LogStream::Stdout)).await,
        [all[0].clone(), all[2].clone()]
    );
}

pub(super) async fn a_followed_log_ends_with_the_server(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    world.program(&mut spec, output(&[(LogStream::Stdout, "started")]));
    running(world, &spec).await;
    let follow = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut lines = engine.logs(&spec.server, follow).await.unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap().text, "started");
    engine.stop(&spec.server, GRACE).await.unwrap();
    let end = tokio::time::timeout(PATIENCE, lines.next())
        .await
        .expect("the stream ends");
    assert!(end.is_none(), "{end:?}");
}

pub(super) async fn a_long_line_is_cut(world: &dyn World) {
    let mut spec = spec(world, "a");
    let long = "x".repeat(3 * MAX_LOG_LINE);
    world.program(
        &mut spec,
        output(&[(LogStream::Stdout, &long), (LogStream::Stdout, "next")]),
    );
    running(world, &spec).await;
    let lines = first_lines(world, 2).await;
    assert_eq!(
        (lines[0].text.as_str(), lines[0].cut),
        (&long[..MAX_LOG_LINE], true)
    );
    assert_eq!((lines[1].text.as_str(), lines[1].cut), ("next", false));
}

pub(super) async fn stats_are_of_running_servers(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    made(world, &spec).await;
    assert_eq!(engine.stats(&spec.server).await.unwrap(), None);
    running(world, &spec).await;
    let stats = engine.stats(&spec.server).await.unwrap().unwrap();
    assert_eq!(stats.memory_limit, spec.memory_bytes);
    assert!(
        stats.memory_bytes > 0 && stats.memory_bytes < stats.memory_limit,
        "{stats:?}"
    );
    assert!(
        stats.cpu_nanos > 0 && stats.pids > 0 && stats.at.is_some(),
        "{stats:?}"
    );
    engine.stop(&spec.server, GRACE).await.unwrap();
    assert_eq!(engine.stats(&spec.server).await.unwrap(), None);
}

pub(super) async fn many_are_measured_at_once(world: &dyn World) {
    let engine = world.engine();
    let (up, down) = (spec(world, "up"), spec(world, "down"));
    running(world, &up).await;
    made(world, &down).await;
    let asked = [up.server.clone(), down.server.clone(), server("nobody")];
    let measured = engine.stats_all(&asked).await.unwrap();
    let [(key, stats)] = &measured[..] else {
        panic!("only one runs: {measured:?}");
    };
    assert_eq!((key, stats.memory_limit), (&up.server, up.memory_bytes));
    assert!(stats.cpu_nanos > 0 && stats.memory_bytes > 0, "{stats:?}");
    // One that is gone is no longer measured.
    engine.kill(&up.server).await.unwrap();
    engine.remove(&up.server).await.unwrap();
    assert!(engine.stats_all(&asked[..1]).await.unwrap().is_empty());
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) async fn commands_run_inside(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    let said = engine
        .exec(&spec.server, words(&["echo", "a b", "c"]), PATIENCE)
        .await
        .unwrap();
    assert_eq!(
        (said.exit_code, &said.stdout[..], said.cut),
        (0, &b"a b c\n"[..], false)
    );
    assert_eq!(
        engine
            .exec(&spec.server, words(&["false"]), PATIENCE)
            .await
            .unwrap()
            .exit_code,
        1
    );
    let missing = engine
        .exec(&spec.server, words(&["no-such-program"]), PATIENCE)
        .await
        .unwrap();
    assert!([126, 127].contains(&missing.exit_code), "{missing:?}");
    engine.stop(&spec.server, GRACE).await.unwrap();
    let refused = engine
        .exec(&spec.server, words(&["true"]), PATIENCE)
        .await
        .unwrap_err();
    assert!(matches!(refused, EngineError::NotRunning(_)), "{refused:?}");
}

pub(super) async fn a_command_that_takes_too_long_is_not_waited_for(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    running(world, &spec).await;
    let limit = Duration::from_millis(300);
    let late = engine
        .exec(&spec.server, words(&["sleep", "100"]), limit)
        .await
        .unwrap_err();
    assert!(
        matches!(late, EngineError::Timeout(after) if after == limit),
        "{late:?}"
    );
}

pub(super) async fn files_go_in_and_out(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    made(world, &spec).await;
    let files: [(&str, &[u8]); 2] = [("one.txt", b"first"), ("two.bin", &[0, 159, 146, 150])];
    engine
        .archive_put(&spec.server, "/srv", tar(&files))
        .await
        .unwrap();
    let pieces: Vec<_> = engine
        .archive_get(&spec.server, "/srv")
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let all = pieces.concat();
    let mut found = std::collections::BTreeMap::new();
    for entry in tar::Archive::new(&all[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        found.insert(entry.path().unwrap().display().to_string(), content);
    }
    assert_eq!(
        found.get("srv/one.txt").map(Vec::as_slice),
        Some(&b"first"[..]),
        "{:?}",
        found.keys()
    );
    assert_eq!(found.get("srv/two.bin").map(Vec::as_slice), Some(files[1].1));

    engine.start(&spec.server).await.unwrap();
    let read = engine
        .exec(&spec.server, words(&["cat", "/srv/one.txt"]), PATIENCE)
        .await
        .unwrap();
    assert_eq!(&read.stdout[..], b"first");
    let missing = engine.archive_get(&spec.server, "/srv/none").await.err();
    assert!(matches!(missing, Some(EngineError::NotFound(_))), "{missing:?}");
    let relative = engine.archive_get(&spec.server, "srv").await.err();
    assert!(matches!(relative, Some(EngineError::Invalid(_))), "{relative:?}");
}

pub(super) async fn events_tell_of_our_containers(world: &dyn World) {
    let (engine, spec) = (world.engine(), spec(world, "a"));
    world.add_foreign(&format!("foreign-{}", world.instance())).await;
    // Nothing that happens after the call is missed, however late the stream is read.
    let events = engine.events().await.unwrap();
    running(world, &spec).await;
    engine.stop(&spec.server, GRACE).await.unwrap();
    engine.remove(&spec.server).await.unwrap();
    let four = events.take(4).try_collect::<Vec<EngineEvent>>();
    let seen = tokio::time::timeout(PATIENCE, four)
        .await
        .expect("four events")
        .unwrap();
    assert!(
        seen.iter()
            .all(|event| event.about == Subject::Server(spec.server.clone()) && event.at.is_some()),
        "{seen:?}"
    );
    let kinds: Vec<_> = seen.into_iter().map(|event| event.kind).collect();
    let died = EventKind::Died { exit_code: 143 };
    assert_eq!(
        kinds,
        [EventKind::Created, EventKind::Started, died, EventKind::Destroyed]
    );
}
