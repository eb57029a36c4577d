//! Backing a server up through the panel, against restic by hand in the same image: the same bytes, each time new ones, into a
//! repository in a volume of the engine.

use std::time::Instant;

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::json;

use crate::create::median;
use crate::customer::Customer;
use crate::engine::{docker, label, sweep};
use crate::panel::{Panel, catalogue, until};
use crate::table::Row;

const ROUNDS: usize = 3;
/// Large enough that the start of a container is not what is measured.
const LARGE: usize = 2 << 30;
const MIB: f64 = 1024.0 * 1024.0;
const RAW: &str = "berth.bench.backups";

struct Bench {
    panel: Panel,
    customer: Customer,
    server: String,
    /// Where the bytes of each round come from; what deduplicates finds nothing in them.
    noise: u64,
}

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let panel = Panel::of(&app, "backups");
    let (running, _) = panel.serve().await;
    let customer = Customer::of(&app, "harbour", &panel).await;
    let server = customer.create("files").await;
    let mut bench = Bench {
        panel,
        customer,
        server,
        noise: 0x9e37_79b9_7f4a_7c15,
    };
    let rows = bench.rounds().await;
    running.kill().await;
    rows
}

impl Bench {
    async fn rounds(&mut self) -> Vec<Row> {
        // The image is built, and the repository made.
        self.upload(1 << 20).await;
        self.back_up().await;
        let image = docker(&[
            "image",
            "ls",
            "berth/backup",
            "--format",
            "{{.Repository}}:{{.Tag}}",
        ]);
        let image = image.lines().next().expect("the helper's image").to_owned();
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            self.upload(LARGE).await;
            ours.push(rate(self.back_up()).await);
            self.by_hand(&image, round, "init");
            bare.push(rate(async { self.by_hand(&image, round, "backup") }).await);
        }
        vec![Row::at_least(
            "back 2 GiB up by the API, against bare restic",
            (median(ours), median(bare)),
            "MiB/s",
            0.9,
        )]
    }

    async fn upload(&mut self, size: usize) {
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            // xorshift64 (Marsaglia, 2003): fast, and no two pieces are alike.
            self.noise ^= self.noise << 13;
            self.noise ^= self.noise >> 7;
            self.noise ^= self.noise << 17;
            bytes.extend_from_slice(&self.noise.to_le_bytes());
        }
        let path = format!("/api/v1/servers/{}/files/content?path=/data/noise", self.server);
        self.customer.put(&self.panel.url(&path), bytes).await;
    }

    async fn back_up(&self) {
        let all = self
            .panel
            .url(&format!("/api/v1/servers/{}/backups", self.server));
        let begun = self.customer.post(&all, &json!({})).await;
        let one = format!("{all}/{}", begun["id"].as_str().expect("a backup"));
        until("the backup is there", async || {
            let seen = self.customer.read(&one).await;
            assert_ne!(seen["state"], "failed", "{seen}");
            seen["state"] == "done"
        })
        .await;
    }

    /// restic itself, with its own defaults but for the cache, which a container that goes has none of.
    fn by_hand(&self, image: &str, round: usize, verb: &str) {
        let volume = format!("{}-{}-data", self.panel.instance, self.server);
        let data = format!("{volume}:/volumes/data:ro");
        let repository = format!("{}-bare:/repository", self.panel.instance);
        let place = format!("/repository/{round}");
        let mut arguments = vec![
            "run",
            "--rm",
            "--label",
            RAW,
            "--volume",
            &*data,
            "--volume",
            &*repository,
        ];
        arguments.extend(["--env", "RESTIC_PASSWORD=bench", "--entrypoint", "restic", image]);
        arguments.extend(["--no-cache", "--quiet", "--repo", &*place, verb]);
        if verb == "backup" {
            arguments.push("/volumes");
        }
        docker(&arguments);
    }
}

/// MiB of the large file a second.
async fn rate(work: impl Future<Output = ()>) -> f64 {
    let begun = Instant::now();
    work.await;
    f64::from(u32::try_from(LARGE).expect("it fits")) / MIB / begun.elapsed().as_secs_f64()
}

impl Drop for Bench {
    fn drop(&mut self) {
        sweep(&label(&self.panel.instance));
        sweep(RAW);
        docker(&[
            "volume",
            "rm",
            "--force",
            &format!("{}-bare", self.panel.instance),
        ]);
    }
}
