//! Two panels with databases of their own, on one engine and by mistake with one instance's name.

use crate::crash::docker::{Count, prepare};
use crate::crash::life::{Life, Wish};

/// More than volumes of orphans are kept for.
const LATER: i32 = 40;

#[tokio::test]
async fn two_installations_with_one_instance_leave_each_other_alone() {
    prepare().await;
    let ours = Life::begin().await;
    let theirs = Life::beside(&ours).await;
    for life in [&ours, &theirs] {
        life.ask(Wish::Create).await;
        life.settle(Wish::Create).await;
    }
    let before = ours.look().await;
    // That they do find and remove what is an orphan shows that they looked at everything.
    theirs.lose_row().await;
    let orphans = theirs.age_orphans(3, LATER).await;
    assert_eq!(
        orphans.len(),
        3,
        "a container, a network and a volume: {orphans:?}"
    );
    theirs.sweep_clean().await;
    assert_eq!(ours.count().await, Count::ONE);
    assert_eq!(ours.look().await, before);
    ours.ask(Wish::Delete).await;
    ours.ask(Wish::Erase).await;
    ours.settle(Wish::Erase).await;
}
