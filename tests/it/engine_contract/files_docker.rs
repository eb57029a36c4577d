//! What only a real file system can show: nobody gets out of a volume, and nothing in one keeps others waiting.

use std::process::Command;
use std::time::Instant;

use berth::drivers::engine::{
    Engine, Expected, FileKind, FilePart, FilesChange, FilesError, FilesPage, FilesSpec, NewContent, Rank,
    Written,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::docker_world::DockerWorld;
use super::files::{body, change, files_spec, names, path, read, stopped, upload, whole, write};
use super::world::{World, server, volume};

/// The helper's container.
fn helper(world: &DockerWorld, name: &str) -> String {
    world.instance.name(&format!("files-{}", server(name)))
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn begin(world: &DockerWorld) -> (std::sync::Arc<dyn Engine>, FilesSpec) {
    let files = stopped(world, "a").await;
    (world.engine(), files)
}

#[tokio::test]
async fn the_helper_has_the_volume_and_nothing_else() {
    let world = DockerWorld::new().await;
    let (engine, files) = begin(&world).await;
    write(&*engine, &files, "/data/a", b"x").await;
    let seen = world
        .docker
        .inspect_container(&helper(&world, "a"), None)
        .await
        .unwrap();
    let host = seen.host_config.unwrap();
    assert_eq!(host.network_mode.as_deref(), Some("none"));
    assert_eq!(
        (host.readonly_rootfs, host.privileged, host.auto_remove),
        (Some(true), Some(false), Some(true))
    );
    assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
    let mounts: Vec<_> = seen
        .mounts
        .unwrap()
        .into_iter()
        .filter_map(|mount| mount.destination)
        .collect();
    assert_eq!(mounts, ["/volumes/data"]);
    let id = seen.id.unwrap();
    let inside = async |line: &str| world.shell_in(&id, line).await;
    let capabilities = inside("grep CapEff /proc/1/status").await;
    // CHOWN, DAC_OVERRIDE and FOWNER: bits 0, 1 and 3.
    assert!(capabilities.ends_with("000000000000000b"), "{capabilities}");
    assert_eq!(
        inside("touch /etc/x 2>/dev/null || echo refused").await,
        "refused"
    );
    assert_eq!(inside("ls /sys/class/net").await, "lo");
}

#[tokio::test]
async fn what_is_made_belongs_to_whom_its_folder_does() {
    let world = DockerWorld::new().await;
    let (engine, files) = begin(&world).await;
    world.in_volume(
        &volume("a").key,
        "mkdir /v/site && chown 1000:1001 /v/site && chmod 700 /v/site",
        &[],
    );
    write(&*engine, &files, "/data/site/page", b"x").await;
    change(&*engine, &files, FilesChange::MakeFolder(path("/data/site/img"))).await;
    write(&*engine, &files, "/data/site/img/logo", b"x").await;
    let owners = world.in_volume(
        &volume("a").key,
        "cd /v/site && stat -c %u:%g:%a page img img/logo",
        &[],
    );
    assert_eq!(owners, "1000:1001:644\n1000:1001:755\n1000:1001:644");
    world.in_volume(
        &volume("a").key,
        "chown 7:8 /v/site/page && chmod 600 /v/site/page",
        &[],
    );
    write(&*engine, &files, "/data/site/page", b"y").await;
    assert_eq!(
        world.in_volume(&volume("a").key, "stat -c %u:%g:%a /v/site/page", &[]),
        "7:8:600"
    );
}

#[tokio::test]
async fn devices_sockets_and_pipes_are_seen_and_not_opened() {
    let world = DockerWorld::new().await;
    let (engine, files) = begin(&world).await;
    let make = "mknod /v/null c 1 3; mknod /v/disk b 254 0; mkfifo /v/pipe; mkdir /v/sub; mkfifo /v/sub/pipe; echo x >/v/sub/f";
    world.in_volume(&volume("a").key, make, &["MKNOD"]);
    for name in ["/data/null", "/data/disk", "/data/pipe"] {
        assert_eq!(
            engine.find_file(&files, &path(name)).await.unwrap().kind,
            FileKind::Special
        );
        let results = [
            engine
                .read_file(&files, &path(name), FilePart::default())
                .await
                .err(),
            engine.archive_files(&files, &path(name)).await.err(),
            engine
                .change_files(&files, &FilesChange::SetMode(path(name), 0o777))
                .await
                .err(),
        ];
        for result in results {
            assert!(matches!(result, Some(FilesError::Special)), "{name}: {result:?}");
        }
    }
    let tar = engine.archive_files(&files, &path("/data")).await.unwrap();
    let tar = tar.try_collect::<Vec<_>>().await.unwrap().concat();
    let mut archive = tar::Archive::new(&*tar);
    let entries = archive.entries().unwrap();
    let name = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        String::from_utf8(entry.unwrap().path_bytes().into_owned()).unwrap()
    };
    assert_eq!(
        entries.map(name).collect::<Vec<_>>(),
        ["data/", "data/sub/", "data/sub/f"]
    );
    for name in ["/data/null", "/data/disk", "/data/pipe", "/data/sub"] {
        change(&*engine, &files, FilesChange::Remove(path(name))).await;
    }
    assert_eq!(names(&*engine, &files, "/data").await, [""; 0]);
}

/// A server's program swaps a folder for a link as fast as it can, while somebody works in it.
#[tokio::test]
async fn a_folder_that_becomes_a_link_meanwhile_leads_nowhere() {
    let world = DockerWorld::new().await;
    let (engine, files) = begin(&world).await;
    let swap = "mkdir /v/real; echo secret >/canary; \
                while :; do mv /v/real /v/f; mv /v/f /v/real; ln -s / /v/f; rm /v/f; done";
    let mount = format!("{}:/v", world.instance.name(volume("a").key.as_str()));
    let label = format!("berth.instance={}", world.instance);
    let image = super::docker_world::IMAGE;
    docker(&[
        "run",
        "--detach",
        "--label",
        &label,
        "--network",
        "none",
        "--volume",
        &mount,
        image,
        "sh",
        "-c",
        swap,
    ]);
    let (mut inside, mut refused) = (0, 0);
    for round in 0..60 {
        let target = path("/data/f/etc");
        let made = engine
            .change_files(&files, &FilesChange::MakeFolder(target.clone()))
            .await;
        let read = engine
            .read_file(&files, &path("/data/f/etc/passwd"), FilePart::default())
            .await;
        assert!(read.is_err(), "round {round}: it read the helper's own file");
        match made {
            Ok(()) => inside += 1,
            Err(FilesError::Link | FilesError::NotFound | FilesError::Exists | FilesError::NotAFolder) => {
                refused += 1;
            }
            Err(other) => panic!("round {round}: {other:?}"),
        }
        drop(engine.change_files(&files, &FilesChange::Remove(target)).await);
    }
    assert_eq!(inside + refused, 60);
    let listed = docker(&["exec", &helper(&world, "a"), "ls", "/etc/passwd"]);
    assert_eq!(listed, "/etc/passwd", "nothing of the helper's own was removed");
}

#[tokio::test]
async fn ten_thousand_files_are_listed_and_removed() {
    let world = DockerWorld::new().await;
    let (engine, files) = begin(&world).await;
    world.in_volume(
        &volume("a").key,
        "mkdir /v/many && cd /v/many && seq -w 1 10000 | xargs touch",
        &[],
    );
    let (mut seen, mut after) = (0, None);
    let begun = Instant::now();
    let page = |after| FilesPage { after, limit: 201 };
    let first = engine
        .list_files(&files, &path("/data/many"), &page(None))
        .await
        .unwrap();
    assert!(
        begun.elapsed().as_secs() < 10,
        "a page took {:?}",
        begun.elapsed()
    );
    assert_eq!((first.len(), &first[0].name[..]), (201, &b"00001"[..]));
    loop {
        let all = FilesPage { after, limit: 4000 };
        let part = engine
            .list_files(&files, &path("/data/many"), &all)
            .await
            .unwrap();
        seen += part.len();
        let Some(last) = part.last() else { break };
        after = Some(Rank::of(last));
    }
    assert_eq!(seen, 10_000);
    change(&*engine, &files, FilesChange::Remove(path("/data/many"))).await;
    assert_eq!(world.in_volume(&volume("a").key, "ls /v", &[]), "");
}

#[tokio::test]
async fn a_helper_that_dies_is_made_again_and_the_old_file_stays() {
    let world = DockerWorld::new().await;
    let (engine, files) = begin(&world).await;
    write(&*engine, &files, "/data/page", b"old").await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(1);
    let content = stream::unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    });
    let page = path("/data/page");
    let new = NewContent {
        upload: upload("cut"),
        total: Some(100),
        ..whole(Expected::Anything)
    };
    let writing = engine.write_file(&files, &page, &new, content.boxed());
    let killing = async {
        sender.send(Ok(Bytes::from_static(b"half of it"))).await.unwrap();
        let there = async || engine.upload_offset(&files, &page, &upload("cut")).await.unwrap();
        while there().await < 10 {}
        docker(&["kill", &helper(&world, "a")]);
        // The content never ends: only the helper's death does.
        std::mem::forget(sender);
    };
    let (written, ()) = tokio::join!(writing, killing);
    assert!(matches!(written, Err(FilesError::Engine(_))), "{written:?}");
    assert_eq!(read(&*engine, &files, "/data/page").await, b"old");
    let rest = NewContent {
        offset: 10,
        total: Some(12),
        ..new
    };
    let whole = engine
        .write_file(&files, &page, &rest, body(b"ok"))
        .await
        .unwrap();
    assert!(matches!(whole, Written::Whole(_)));
    assert_eq!(read(&*engine, &files, "/data/page").await, b"half of itok");
}

/// The engine's own driver can mount a small memory file system: the one way here to a volume that is really full.
#[tokio::test]
async fn a_full_volume_says_so_and_keeps_the_old_file() {
    let world = DockerWorld::new().await;
    let name = world.instance.name(volume("a").key.as_str());
    let labels = [
        format!("berth.instance={}", world.instance),
        format!("berth.installation={}", super::docker_world::installation_key()),
        format!("berth.volume={}", volume("a").key),
        format!("berth.tenant={}", super::world::tenant("a")),
        format!("berth.server={}", server("a")),
    ];
    let mut arguments = vec![
        "volume",
        "create",
        "--opt",
        "type=tmpfs",
        "--opt",
        "device=tmpfs",
        "--opt",
        "o=size=1m",
    ];
    for label in &labels {
        arguments.extend(["--label", label]);
    }
    arguments.push(&name);
    docker(&arguments);
    let (engine, files) = (world.engine(), files_spec("a"));
    write(&*engine, &files, "/data/page", b"old").await;
    let large = vec![b'x'; 2 << 20];
    let full = engine
        .write_file(
            &files,
            &path("/data/page"),
            &whole(Expected::Anything),
            body(&large),
        )
        .await;
    assert!(matches!(full, Err(FilesError::NoSpace)), "{full:?}");
    assert_eq!(read(&*engine, &files, "/data/page").await, b"old");
    assert_eq!(
        names(&*engine, &files, "/data").await,
        ["page"],
        "nothing half is left"
    );
}

#[tokio::test]
async fn hard_links_are_cut_and_not_written_through() {
    let world = DockerWorld::new().await;
    let (engine, files) = begin(&world).await;
    world.in_volume(
        &volume("a").key,
        "echo one >/v/a && ln /v/a /v/b && echo t >/v/t && ln /v/t /v/.berth-upload-0000000000000cut",
        &[],
    );
    write(&*engine, &files, "/data/a", b"two").await;
    assert_eq!(read(&*engine, &files, "/data/b").await, b"one\n");
    // Somebody who guessed where an upload is collected gains nothing.
    let new = NewContent {
        upload: upload("cut"),
        offset: 2,
        total: Some(9),
        ..whole(Expected::Anything)
    };
    let tricked = engine
        .write_file(&files, &path("/data/c"), &new, body(b"xxxxxxx"))
        .await;
    assert!(matches!(tricked, Err(FilesError::Special)), "{tricked:?}");
    assert_eq!(read(&*engine, &files, "/data/t").await, b"t\n");
}
