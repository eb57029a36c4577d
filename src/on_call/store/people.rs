//! The staff, as far as on-call needs them.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::UserId;

/// One of the staff who may sign in.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
}

/// All of them, by name.
pub async fn people(tx: &mut impl Scoped) -> Result<Vec<Person>, Error> {
    let people = sqlx::query_as!(
        Person,
        r#"select id as "id: UserId", name from user_account where staff_role is not null and disabled_at is null
           order by lower(name), id"#
    );
    Ok(people.fetch_all(tx.conn()).await?)
}

/// Whether somebody is one of them.
pub async fn is_staff(tx: &mut impl Scoped, id: UserId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from user_account where id = $1 and staff_role is not null and disabled_at is null) as "is_one!""#,
        id.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Who is told when nobody is on duty: owners and admins.
pub async fn managers(tx: &mut impl Scoped) -> Result<Vec<UserId>, Error> {
    let managers = sqlx::query_scalar!(
        r#"select id as "id: UserId" from user_account where staff_role in ('owner', 'admin') and disabled_at is null order by id"#
    );
    Ok(managers.fetch_all(tx.conn()).await?)
}
