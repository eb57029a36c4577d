//! The fake's files and commands: as much of each as the contract asks for.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    time::Duration,
};

use bytes::Bytes;

use super::super::{EngineError, EngineResult, ExecOutput, ObservedState, ServerKey};
use super::state::State;

impl State {
    pub(super) fn archive_get(&mut self, server: &ServerKey, path: &str) -> EngineResult<Bytes> {
        let (place, inner) = self.locate(server, path)?;
        let parent = inner.rfind('/').map_or("", |slash| &inner[..=slash]);
        let folder = format!("{}/", inner.trim_end_matches('/'));
        let wanted = self.files.iter().filter(|((in_place, name), _)| {
            *in_place == place && (*name == inner || name.starts_with(&folder))
        });
        let files: Vec<_> = wanted
            .map(|((_, name), bytes)| (name.trim_start_matches(parent), bytes))
            .collect();
        if files.is_empty() {
            return Err(EngineError::NotFound(path.to_owned()));
        }
        pack(files.into_iter())
            .map(Bytes::from)
            .map_err(|error| broken(&error))
    }

    pub(super) fn archive_put(&mut self, server: &ServerKey, path: &str, tar: &[u8]) -> EngineResult<()> {
        self.locate(server, path)?;
        for (name, bytes) in unpack(tar).map_err(|error| broken(&error))? {
            let file = self.locate(server, &format!("{}/{name}", path.trim_end_matches('/')))?;
            self.files.insert(file, bytes);
        }
        Ok(())
    }

    /// The container or volume that a path is in, and the path there.
    fn locate(&self, server: &ServerKey, path: &str) -> EngineResult<(String, String)> {
        if !path.starts_with('/') || path.contains('\0') {
            return Err(EngineError::invalid(format!("{path:?} is not an absolute path")));
        }
        self.own_name(server.as_str())?;
        let missing = || EngineError::NotFound(format!("the container of {server}"));
        let container = self.containers.get(server).ok_or_else(missing)?;
        let mounted = container.spec.volumes.iter().find_map(|mount| {
            let inner = path.strip_prefix(&mount.path)?;
            Some((
                self.instance.name(mount.volume.as_str()),
                format!("/{}", inner.trim_start_matches('/')),
            ))
        });
        let root = || {
            (
                container.seen.container_id.clone().unwrap_or_default(),
                path.to_owned(),
            )
        };
        Ok(mounted.unwrap_or_else(root))
    }

    /// Knows `echo`, `cat`, `true`, `false` and `sleep`.
    pub(super) fn exec(
        &mut self,
        server: &ServerKey,
        argv: &[String],
        timeout: Duration,
    ) -> EngineResult<ExecOutput> {
        let Some((program, arguments)) = argv.split_first() else {
            return Err(EngineError::invalid("there is no command to run"));
        };
        if self.observe(server)?.state != ObservedState::Running {
            return Err(EngineError::NotRunning(server.clone()));
        }
        let read = |path: &String| {
            let file = self.locate(server, path).ok();
            file.and_then(|file| self.files.get(&file))
                .cloned()
                .unwrap_or_default()
        };
        match program.as_str() {
            "echo" => Ok(said(0, arguments.join(" ") + "\n")),
            "cat" => Ok(said(0, arguments.iter().flat_map(read).collect::<Vec<_>>())),
            // `reload` is the program of the template file-share.
            "true" | "rm" | "reload" => Ok(said(0, "")),
            "false" => Ok(said(1, "")),
            "sleep" => Err(EngineError::Timeout(timeout)),
            // A shell of one command, whose words know no quotes.
            "sh" => {
                let line = arguments.iter().skip_while(|word| *word == "-c");
                let words = line.flat_map(|line| line.split_whitespace());
                let words: Vec<String> = words.map(str::to_owned).collect();
                self.exec(server, &words, timeout)
            }
            // How scripts that dump databases begin; they end as tests have it for helpers of this name.
            "umask" => {
                let (out, code, words) = self.helper_answers.get("dump").cloned().unwrap_or_default();
                Ok(ExecOutput {
                    stderr: Bytes::from(words),
                    ..said(i64::from(code), out)
                })
            }
            other => Ok(said(127, format!("{other}: not found"))),
        }
    }
}

fn said(exit_code: i64, stdout: impl Into<Vec<u8>>) -> ExecOutput {
    ExecOutput {
        exit_code,
        stdout: Bytes::from(stdout.into()),
        ..ExecOutput::default()
    }
}

/// The Dockerfile of a build.
pub(super) fn dockerfile(tar: &[u8]) -> EngineResult<String> {
    let files = unpack(tar).map_err(|error| broken(&error))?;
    let missing = || EngineError::BuildFailed("there is no Dockerfile".to_owned());
    let text = files.get("Dockerfile").ok_or_else(missing)?;
    Ok(String::from_utf8_lossy(text).into_owned())
}

fn unpack(tar: &[u8]) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        let name = entry
            .path()?
            .to_string_lossy()
            .trim_start_matches("./")
            .to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        if entry.header().entry_type().is_file() {
            files.insert(name, bytes);
        }
    }
    Ok(files)
}

fn pack<'a>(files: impl Iterator<Item = (&'a str, &'a Vec<u8>)>) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(u64::try_from(bytes.len()).unwrap_or(0));
        tar.append_data(&mut header, name, bytes.as_slice())?;
    }
    tar.into_inner()
}

fn broken(error: &io::Error) -> EngineError {
    EngineError::Invalid(format!("the tar cannot be read: {error}"))
}
