//! Laws about the files in servers' volumes.

use std::io::Read as _;
use std::time::Duration;

use berth::drivers::engine::{
    Engine, EngineError, Expected, FileKind, FilePart, FilesBody, FilesChange, FilesCount, FilesError,
    FilesPage, FilesSpec, FilesVolume, NewContent, Outcome, Rank, UploadKey, VolumePath, Written,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::world::{World, made, mount, running, server, spec, tenant, volume};

/// The files of server `name`, in its one volume `data`.
pub(super) fn files_spec(name: &str) -> FilesSpec {
    FilesSpec {
        server: server(name),
        tenant: tenant("a"),
        base_image: "berth-test/busybox:1".to_owned(),
        volumes: vec![FilesVolume {
            name: "data".to_owned(),
            key: volume(name).key,
        }],
    }
}

pub(super) fn path(text: &str) -> VolumePath {
    VolumePath::parse(text).unwrap()
}

pub(super) fn body(content: &[u8]) -> FilesBody {
    stream::iter([Ok(Bytes::copy_from_slice(content))]).boxed()
}

/// Content that breaks off after its beginning.
fn broken(content: &[u8]) -> FilesBody {
    let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    stream::iter([Ok(Bytes::copy_from_slice(content)), Err(end)]).boxed()
}

pub(super) fn upload(name: &str) -> UploadKey {
    UploadKey::new(&format!("{name:0>16}")).unwrap()
}

pub(super) fn whole(expected: Expected) -> NewContent {
    NewContent {
        expected,
        upload: upload("whole"),
        offset: 0,
        total: None,
    }
}

pub(super) async fn write(engine: &dyn Engine, spec: &FilesSpec, at: &str, content: &[u8]) {
    let written = engine
        .write_file(spec, &path(at), &whole(Expected::Anything), body(content))
        .await;
    assert!(matches!(written, Ok(Written::Whole(_))), "{at}: {written:?}");
}

pub(super) async fn read(engine: &dyn Engine, spec: &FilesSpec, at: &str) -> Vec<u8> {
    let file = engine
        .read_file(spec, &path(at), FilePart::default())
        .await
        .unwrap();
    let pieces: Vec<Bytes> = file.content.try_collect().await.unwrap();
    pieces.concat()
}

pub(super) async fn change(engine: &dyn Engine, spec: &FilesSpec, change: FilesChange) {
    engine.change_files(spec, &change).await.unwrap();
}

pub(super) async fn names(engine: &dyn Engine, spec: &FilesSpec, folder: &str) -> Vec<String> {
    let page = FilesPage {
        after: None,
        limit: 100,
    };
    let all = engine.list_files(spec, &path(folder), &page).await.unwrap();
    all.iter()
        .map(|entry| String::from_utf8_lossy(&entry.name).into_owned())
        .collect()
}

/// A server that was made and does not run, with an empty volume.
pub(super) async fn stopped(world: &dyn World, name: &str) -> FilesSpec {
    let (engine, mut container) = (world.engine(), spec(world, name));
    engine.ensure_volume(&volume(name)).await.unwrap();
    container.volumes = vec![mount(&volume(name), "/data")];
    made(world, &container).await;
    files_spec(name)
}

/// Of a volume with `b.txt` and `z/inside`.
async fn what_is_below_is_told(engine: &dyn Engine, files: &FilesSpec) {
    let below = async |folder: &str, limit: u64| {
        let mut all = engine.places_below(files, &path(folder), limit).await.unwrap()?;
        all.sort();
        let text = all.into_iter().map(|place| String::from_utf8(place).unwrap());
        Some(text.collect::<Vec<_>>())
    };
    assert_eq!(below("/data", 3).await.unwrap(), ["b.txt", "z", "z/inside"]);
    assert_eq!(below("/data", 2).await, None);
    assert_eq!(below("/data/z", 9).await.unwrap(), ["inside"]);
    let no_folder = engine.places_below(files, &path("/data/b.txt"), 9).await;
    assert!(matches!(no_folder, Err(FilesError::NotAFolder)), "{no_folder:?}");
}

pub(super) async fn files_are_written_listed_read_and_removed(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    let engine = &*engine;
    assert_eq!(names(engine, &files, "/data").await, [""; 0]);
    write(engine, &files, "/data/b.txt", b"hello").await;
    change(engine, &files, FilesChange::MakeFolder(path("/data/z"))).await;
    write(engine, &files, "/data/z/inside", b"").await;
    assert_eq!(names(engine, &files, "/data").await, ["z", "b.txt"]);
    assert_eq!(read(engine, &files, "/data/b.txt").await, b"hello");
    assert_eq!(read(engine, &files, "/data/z/inside").await, b"");
    let part = FilePart {
        offset: 1,
        length: Some(3),
    };
    let file = engine
        .read_file(&files, &path("/data/b.txt"), part)
        .await
        .unwrap();
    assert_eq!(
        (file.entry.kind, file.entry.size, file.entry.mode),
        (FileKind::File, 5, 0o644)
    );
    assert_eq!(
        file.content.try_collect::<Vec<_>>().await.unwrap().concat(),
        b"ell"
    );

    let count = engine.count_files(&files, &path("/data"), 100).await.unwrap();
    assert_eq!(
        count,
        FilesCount {
            files: 2,
            folders: 1,
            bytes: 5,
            is_all: true
        }
    );
    assert!(
        !engine
            .count_files(&files, &path("/data"), 2)
            .await
            .unwrap()
            .is_all
    );

    what_is_below_is_told(engine, &files).await;

    // The same while it runs, and the server sees it.
    engine.start(&files.server).await.unwrap();
    write(engine, &files, "/data/b.txt", b"hello again").await;
    assert_eq!(read(engine, &files, "/data/b.txt").await, b"hello again");

    change(engine, &files, FilesChange::Remove(path("/data/z"))).await;
    change(engine, &files, FilesChange::Remove(path("/data/b.txt"))).await;
    assert_eq!(names(engine, &files, "/data").await, [""; 0]);
    let gone = engine.find_file(&files, &path("/data/b.txt")).await;
    assert!(matches!(gone, Err(FilesError::NotFound)), "{gone:?}");
    let nothing = engine
        .change_files(&files, &FilesChange::Remove(path("/data")))
        .await;
    assert!(
        matches!(nothing, Err(FilesError::Impossible)),
        "a volume itself stays: {nothing:?}"
    );
}

pub(super) async fn a_folder_of_any_size_comes_in_parts(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    for name in ["c", "a", "e", "b"] {
        write(&*engine, &files, &format!("/data/{name}"), b"x").await;
    }
    change(&*engine, &files, FilesChange::MakeFolder(path("/data/d"))).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = FilesPage { after, limit: 2 };
        let part = engine.list_files(&files, &path("/data"), &page).await.unwrap();
        assert!(part.len() <= 2);
        seen.extend(
            part.iter()
                .map(|entry| String::from_utf8_lossy(&entry.name).into_owned()),
        );
        let Some(last) = part.last() else { break };
        after = Some(Rank::of(last));
    }
    assert_eq!(seen, ["d", "a", "b", "c", "e"]);
}

pub(super) async fn names_of_any_bytes_are_names(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    let odd = [
        "/data/a%0Ab",
        "/data/x%E9",
        "/data/\"quoted\" 'twice' $HOME `id` ; &",
        "/data/-rf",
        "/data/100%25",
        "/data/東京 🗼",
        "/data/ ",
        "/data/%FF%FE",
        "/data/17",
    ];
    for name in odd {
        write(&*engine, &files, name, name.as_bytes()).await;
    }
    let page = FilesPage {
        after: None,
        limit: 100,
    };
    let listed = engine.list_files(&files, &path("/data"), &page).await.unwrap();
    let mut listed: Vec<_> = listed
        .iter()
        .map(|entry| path("/data").join(&entry.name).unwrap())
        .collect();
    let mut expected: Vec<_> = odd.map(path).into();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    for name in odd {
        assert_eq!(read(&*engine, &files, name).await, name.as_bytes(), "{name}");
        change(&*engine, &files, FilesChange::Remove(path(name))).await;
    }
    assert_eq!(names(&*engine, &files, "/data").await, [""; 0]);
}

#[expect(clippy::too_many_lines, reason = "one story, whose steps need each other")]
pub(super) async fn a_path_over_a_link_is_refused(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    let engine = &*engine;
    change(engine, &files, FilesChange::MakeFolder(path("/data/real"))).await;
    write(engine, &files, "/data/real/file", b"inside").await;
    let key = volume("a").key;
    for (name, target) in [
        ("out", "/etc"),
        ("up", "../../.."),
        ("in", "real"),
        ("proc", "/proc/self/root"),
        ("file", "real/file"),
    ] {
        world
            .add_odd_file(&key, &path(&format!("/data/{name}")), Some(target))
            .await;
    }
    let link = engine.find_file(&files, &path("/data/out")).await.unwrap();
    assert_eq!(
        (link.kind, link.target.as_deref()),
        (FileKind::Link, Some(&b"/etc"[..]))
    );
    for at in [
        "/data/out/passwd",
        "/data/up/etc/passwd",
        "/data/in/file",
        "/data/proc/etc/passwd",
    ] {
        let at = path(at);
        let results = [
            engine.find_file(&files, &at).await.err(),
            engine.read_file(&files, &at, FilePart::default()).await.err(),
            engine
                .write_file(&files, &at, &whole(Expected::Anything), body(b"x"))
                .await
                .err(),
            engine
                .change_files(&files, &FilesChange::Remove(at.clone()))
                .await
                .err(),
            engine
                .change_files(&files, &FilesChange::SetMode(at.clone(), 0o777))
                .await
                .err(),
            engine
                .change_files(&files, &FilesChange::MakeFolder(at.clone()))
                .await
                .err(),
            engine
                .change_files(&files, &FilesChange::Move(path("/data/real/file"), at.clone()))
                .await
                .err(),
            engine
                .change_files(&files, &FilesChange::Move(at.clone(), path("/data/stolen")))
                .await
                .err(),
        ];
        for (number, result) in results.iter().enumerate() {
            assert!(
                matches!(result, Some(FilesError::Link)),
                "{at} {number}: {result:?}"
            );
        }
    }
    let link = path("/data/in");
    let page = FilesPage {
        after: None,
        limit: 9,
    };
    let refused = [
        engine.list_files(&files, &link, &page).await.err(),
        engine.archive_files(&files, &link).await.err(),
        engine
            .read_file(&files, &path("/data/file"), FilePart::default())
            .await
            .err(),
        engine
            .change_files(&files, &FilesChange::SetMode(link.clone(), 0o777))
            .await
            .err(),
        engine.count_files(&files, &link, 9).await.err(),
        engine.places_below(&files, &link, 9).await.err(),
    ];
    for (number, result) in refused.iter().enumerate() {
        assert!(matches!(result, Some(FilesError::Link)), "{number}: {result:?}");
    }
    // A pipe with nobody at its other end is not waited for.
    world.add_odd_file(&key, &path("/data/pipe"), None).await;
    let pipe = engine
        .read_file(&files, &path("/data/pipe"), FilePart::default())
        .await
        .err();
    assert!(matches!(pipe, Some(FilesError::Special)), "{pipe:?}");
    // What is removed is the link, and what is written takes its place.
    write(engine, &files, "/data/file", b"own").await;
    change(engine, &files, FilesChange::Remove(path("/data/in"))).await;
    change(engine, &files, FilesChange::Remove(path("/data/pipe"))).await;
    assert_eq!(read(engine, &files, "/data/real/file").await, b"inside");
    assert_eq!(read(engine, &files, "/data/file").await, b"own");
}

pub(super) async fn an_upload_goes_on_where_it_was_cut_off(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    write(&*engine, &files, "/data/big", b"old").await;
    let big = path("/data/big");
    let piece = |offset| NewContent {
        expected: Expected::Anything,
        upload: upload("big"),
        offset,
        total: Some(10),
    };
    let offset = async || engine.upload_offset(&files, &big, &upload("big")).await.unwrap();
    assert_eq!(offset().await, 0);
    let part = engine
        .write_file(&files, &big, &piece(0), body(b"0123"))
        .await
        .unwrap();
    assert_eq!(part, Written::Part(4));
    drop(engine.write_file(&files, &big, &piece(4), broken(b"45")).await);
    assert_eq!(offset().await, 6);
    let gap = engine.write_file(&files, &big, &piece(4), body(b"4567")).await;
    assert!(matches!(gap, Err(FilesError::Offset { at: 6 })), "{gap:?}");
    assert_eq!(read(&*engine, &files, "/data/big").await, b"old");
    let last = engine
        .write_file(&files, &big, &piece(6), body(b"6789"))
        .await
        .unwrap();
    assert!(matches!(last, Written::Whole(entry) if entry.size == 10));
    assert_eq!(read(&*engine, &files, "/data/big").await, b"0123456789");
    assert_eq!(
        (offset().await, names(&*engine, &files, "/data").await.len()),
        (0, 1)
    );

    let long = engine
        .write_file(&files, &big, &piece(0), body(b"0123456789x"))
        .await;
    assert!(matches!(long, Err(FilesError::TooMuch)), "{long:?}");
    drop(engine.write_file(&files, &big, &piece(0), body(b"01")).await);
    change(&*engine, &files, FilesChange::Discard(big.clone(), upload("big"))).await;
    change(&*engine, &files, FilesChange::Discard(big.clone(), upload("big"))).await;
    assert_eq!(names(&*engine, &files, "/data").await, ["big"]);
    // Nothing at all is a file, too.
    let empty = NewContent {
        total: Some(0),
        ..piece(0)
    };
    let empty = engine
        .write_file(&files, &path("/data/empty"), &empty, body(b""))
        .await
        .unwrap();
    assert!(matches!(empty, Written::Whole(entry) if entry.size == 0));
}

pub(super) async fn what_is_cut_off_leaves_the_old_file(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    write(&*engine, &files, "/data/page", b"old").await;
    let cut = engine
        .write_file(
            &files,
            &path("/data/page"),
            &whole(Expected::Anything),
            broken(b"ne"),
        )
        .await;
    assert!(matches!(cut, Err(FilesError::Cut)), "{cut:?}");
    assert_eq!(read(&*engine, &files, "/data/page").await, b"old");
    assert_eq!(names(&*engine, &files, "/data").await, ["page"]);
}

pub(super) async fn what_changed_meanwhile_is_not_overwritten(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    let page = path("/data/page");
    let put = async |expected| {
        engine
            .write_file(&files, &page, &whole(expected), body(b"new"))
            .await
    };
    let early = put(Expected::Version("1-1".to_owned())).await;
    assert!(matches!(early, Err(FilesError::Changed)), "{early:?}");
    put(Expected::Nothing).await.unwrap();
    let twice = put(Expected::Nothing).await;
    assert!(matches!(twice, Err(FilesError::Exists)), "{twice:?}");
    let version = engine.find_file(&files, &page).await.unwrap().version;
    let seen = engine.find_file(&files, &page).await.unwrap().version;
    assert_eq!(version, seen, "looking changes nothing");
    put(Expected::Version(version.clone())).await.unwrap();
    let late = put(Expected::Version(version)).await;
    assert!(matches!(late, Err(FilesError::Changed)), "{late:?}");
    change(&*engine, &files, FilesChange::MakeFolder(path("/data/folder"))).await;
    let over = engine
        .write_file(
            &files,
            &path("/data/folder"),
            &whole(Expected::Anything),
            body(b"x"),
        )
        .await;
    assert!(matches!(over, Err(FilesError::IsAFolder)), "{over:?}");
}

pub(super) async fn entries_get_other_places_and_modes(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    let engine = &*engine;
    change(engine, &files, FilesChange::MakeFolder(path("/data/a"))).await;
    change(engine, &files, FilesChange::MakeFolder(path("/data/a/b"))).await;
    write(engine, &files, "/data/a/b/file", b"x").await;
    change(
        engine,
        &files,
        FilesChange::SetMode(path("/data/a/b/file"), 0o4640),
    )
    .await;
    change(
        engine,
        &files,
        FilesChange::Move(path("/data/a/b"), path("/data/c")),
    )
    .await;
    let moved = engine.find_file(&files, &path("/data/c/file")).await.unwrap();
    assert_eq!(moved.mode, 0o640);
    // An edit keeps who may use it.
    write(engine, &files, "/data/c/file", b"y").await;
    assert_eq!(
        engine
            .find_file(&files, &path("/data/c/file"))
            .await
            .unwrap()
            .mode,
        0o640
    );
    let refused = async |from: &str, to: &str| {
        let change = FilesChange::Move(path(from), path(to));
        engine.change_files(&files, &change).await.unwrap_err()
    };
    assert!(matches!(refused("/data/a", "/data/c").await, FilesError::Exists));
    assert!(matches!(
        refused("/data/a", "/data/a/inside").await,
        FilesError::Impossible
    ));
    assert!(matches!(
        refused("/data/a", "/other/a").await,
        FilesError::Impossible
    ));
    assert!(matches!(
        refused("/data/none", "/data/x").await,
        FilesError::NotFound
    ));
    assert!(matches!(
        refused("/data/a", "/data/none/x").await,
        FilesError::NotFound
    ));
    assert!(matches!(
        refused("/data/a", "/data/c/file/x").await,
        FilesError::NotAFolder
    ));
    let again = engine
        .change_files(&files, &FilesChange::MakeFolder(path("/data/a")))
        .await;
    assert!(matches!(again, Err(FilesError::Exists)), "{again:?}");
}

pub(super) async fn a_folder_is_a_tar(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    change(&*engine, &files, FilesChange::MakeFolder(path("/data/site"))).await;
    let long = format!("/data/site/{}", "long".repeat(50));
    for name in ["/data/site/a", "/data/site/x%E9", &long] {
        write(&*engine, &files, name, b"content").await;
    }
    let key = volume("a").key;
    world
        .add_odd_file(&key, &path("/data/site/link"), Some("/etc/passwd"))
        .await;
    world.add_odd_file(&key, &path("/data/site/pipe"), None).await;
    let pieces = engine.archive_files(&files, &path("/data/site")).await.unwrap();
    let tar = pieces.try_collect::<Vec<_>>().await.unwrap().concat();
    let mut archive = tar::Archive::new(&*tar);
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = String::from_utf8_lossy(&entry.path_bytes())
            .trim_end_matches('/')
            .to_owned();
        let link = entry
            .link_name_bytes()
            .map(|link| String::from_utf8_lossy(&link).into_owned());
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        seen.push((name, content, link.unwrap_or_default()));
    }
    seen.sort();
    let file = |name: &str| (name.to_owned(), "content".to_owned(), String::new());
    let mut expected = vec![
        ("site".to_owned(), String::new(), String::new()),
        file("site/a"),
        file("site/x\u{FFFD}"),
        file(&format!("site/{}", "long".repeat(50))),
        ("site/link".to_owned(), String::new(), "/etc/passwd".to_owned()),
    ];
    expected.sort();
    assert_eq!(seen, expected);
}

pub(super) async fn files_need_volumes_of_the_tenant(world: &dyn World) {
    let engine = world.engine();
    let missing = engine.find_file(&files_spec("a"), &path("/data")).await;
    assert!(
        matches!(
            missing,
            Err(FilesError::Engine(EngineError::VolumeMissing { .. }))
        ),
        "{missing:?}"
    );
    let files = stopped(world, "a").await;
    let foreign = FilesSpec {
        server: server("b"),
        tenant: tenant("b"),
        ..files.clone()
    };
    let foreign = engine.find_file(&foreign, &path("/data")).await;
    assert!(
        matches!(foreign, Err(FilesError::Engine(EngineError::Foreign { .. }))),
        "{foreign:?}"
    );
    let unknown = engine.find_file(&files, &path("/other")).await;
    assert!(matches!(unknown, Err(FilesError::NotFound)), "{unknown:?}");
}

pub(super) async fn a_helper_is_no_server_and_in_nobodys_way(world: &dyn World) {
    let engine = world.engine();
    let mut container = spec(world, "a");
    engine.ensure_volume(&volume("a")).await.unwrap();
    container.volumes = vec![mount(&volume("a"), "/data")];
    running(world, &container).await;
    let mut events = engine.events().await.unwrap();
    let files = files_spec("a");
    write(&*engine, &files, "/data/a", b"x").await;
    let all = engine.observe_all().await.unwrap();
    assert_eq!(
        all.iter().map(|seen| seen.server.clone()).collect::<Vec<_>>(),
        [server("a")]
    );
    engine.remove(&server("a")).await.unwrap();
    let event = tokio::time::timeout(Duration::from_mins(1), events.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(
        event.about,
        berth::drivers::engine::Subject::Server(server("a")),
        "a helper makes no event"
    );
    assert_eq!(
        engine.remove_volume(&volume("a").key).await.unwrap(),
        Outcome::Done
    );
    assert_eq!(engine.close_files(&server("a")).await.unwrap(), Outcome::Gone);
}

pub(super) async fn files_of_an_engine_that_is_away_come_back(world: &dyn World) {
    let (engine, files) = (world.engine(), stopped(world, "a").await);
    write(&*engine, &files, "/data/a", b"x").await;
    world.go_away().await;
    let away = engine.find_file(&files, &path("/data/a")).await;
    assert!(
        matches!(away, Err(FilesError::Engine(EngineError::Unavailable(_)))),
        "{away:?}"
    );
    world.come_back().await;
    assert_eq!(read(&*engine, &files, "/data/a").await, b"x");
}
