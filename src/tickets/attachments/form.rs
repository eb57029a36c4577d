//! A form that comes with files. All of it is read, and each file judged, before anything is written: what is written is one
//! transaction, which does not wait for a slow sender.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use multer::{Field, Multipart};

use crate::files::{boundary, broken};
use crate::platform::error::Error;
use crate::platform::web::FormData;
use crate::tickets::model::MAX_BODY;

use super::model::{Kind, MAX_BYTES, MAX_PER_POST, Refusal};

/// As much as the files of one form hold together, since they wait in memory.
const MAX_FORM: usize = 3 * MAX_BYTES;
/// Far more texts than any form has.
const MAX_TEXTS: usize = 100;

/// A file that somebody sends with what they write.
#[derive(Debug)]
pub struct Upload {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A form with texts and files; one without files may come as any other form does.
#[derive(Debug, Default)]
pub struct FormWithFiles {
    /// Its texts.
    pub data: FormData,
    files: Vec<Upload>,
    refused: Option<String>,
}

impl FormWithFiles {
    /// Its files, if all of them can be taken.
    pub fn files(&self) -> Result<&[Upload], Error> {
        match &self.refused {
            None => Ok(&self.files),
            Some(why) => Err(Error::invalid("file", why.as_str())),
        }
    }

    /// Takes a file, or notes why it is not taken.
    async fn take(&mut self, name: String, part: Field<'static>) -> Result<(), Error> {
        let held: usize = self.files.iter().map(|file| file.bytes.len()).sum();
        let room = MAX_FORM.saturating_sub(held);
        let why = if self.files.len() >= MAX_PER_POST {
            "A post has at most 10 files. Attach it to another one.".to_owned()
        } else {
            match read(part, MAX_BYTES.min(room)).await? {
                None if room < MAX_BYTES => {
                    "The files of one post hold at most 30 MiB together. Attach it to another one.".to_owned()
                }
                None => Refusal::TooLarge.to_string(),
                Some(bytes) => match Kind::judge(&name, &bytes) {
                    Ok(kind) => {
                        let name = kind.name(&name);
                        self.files.push(Upload { name, bytes });
                        return Ok(());
                    }
                    Err(refusal) => refusal.to_string(),
                },
            }
        };
        self.refused
            .get_or_insert_with(|| format!("{name} was not attached. {why}"));
        Ok(())
    }
}

impl<S: Send + Sync> FromRequest<S> for FormWithFiles {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let Ok(between) = boundary(request.headers()) else {
            let data = FormData::from_request(request, state).await?;
            return Ok(Self {
                data,
                ..Self::default()
            });
        };
        let mut parts = Multipart::new(request.into_body().into_data_stream(), between);
        let (mut form, mut texts) = (Self::default(), Vec::new());
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let field = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                // A field in which no file was chosen.
                Some(name) if name.is_empty() => {}
                Some(name) => form.take(name, part).await?,
                None if texts.len() < MAX_TEXTS => texts.push((field, text(part).await?)),
                None => return Err(Error::TooLarge),
            }
        }
        form.data = texts.into_iter().collect();
        Ok(form)
    }
}

async fn text(part: Field<'static>) -> Result<String, Error> {
    let bytes = read(part, MAX_BODY * 4).await?.ok_or(Error::TooLarge)?;
    let text = String::from_utf8(bytes).map_err(broken)?;
    if text.contains('\0') {
        return Err(Error::BadRequest {
            code: "bad-text",
            message: "Text may not hold NUL characters.".to_owned(),
        });
    }
    Ok(text)
}

/// The bytes of a field; nothing if there are more than `most`.
async fn read(mut part: Field<'static>, most: usize) -> Result<Option<Vec<u8>>, Error> {
    let mut all: Vec<u8> = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(broken)? {
        let piece: Bytes = piece;
        if all.len() + piece.len() > most {
            return Ok(None);
        }
        all.extend_from_slice(&piece);
    }
    Ok(Some(all))
}
