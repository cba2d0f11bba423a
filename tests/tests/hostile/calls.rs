//! Attacks by calls that are right as HTTP/2 goes: bodies that do not come, lengths that lie,
//! answers that nobody reads.

use std::time::{Duration, Instant};

use aiconfig_proto::v1;
use aiconfig_tests::query;
use prost::Message as _;
use tokio::io::AsyncWriteExt as _;

use crate::attacks::{GET, LONGEST, Outcome, Target, ended, headers, stream};
use crate::connection::{Answers, socket};
use aiconfig_tests::wire::{self, DATA, END_STREAM, PING, WINDOW_UPDATE, call, frame};

const BATCH: &str = "/igny8.aiconfig.v1.ModelConfigService/BatchGetModelConfigs";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
/// Streams that one connection may have.
const STREAMS: u32 = 256;

impl Target {
    /// Calls without ever reading the answers.
    pub(crate) async fn unread_answers(&self) -> Outcome {
        let mut socket = socket(&self.address).await.unwrap();
        let began = Instant::now();
        let most = 1_u32 << 29;
        let wide = frame(WINDOW_UPDATE, 0, 0, &most.to_be_bytes());
        // Identifier 4 is the window of each stream.
        let opening = [wire::opening(&[(4, most)]), wide].concat();
        socket.write_all(&opening).await.unwrap();
        // Until its own window is told, a server takes 64 KiB.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let block = call(BATCH, &self.token, &[]);
        let asked = v1::BatchGetModelConfigsRequest {
            requests: vec![query(1); 100],
        };
        let message = asked.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let body = [&[0], length.as_slice(), &message].concat();
        for number in 0..STREAMS {
            let body = frame(DATA, END_STREAM, stream(number), &body);
            let call = [headers(number, 0, &block), body].concat();
            socket.write_all(&call).await.unwrap();
        }
        // What it sends is noticed without reading: a closed socket takes no more bytes.
        let ping = frame(PING, 0, 0, &[0; 8]);
        while began.elapsed() < LONGEST && socket.try_write(&ping).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let answers = Answers {
            closed: Some(began.elapsed()),
            ..Answers::default()
        };
        ended(
            format!("{STREAMS} calls for 100 configurations each"),
            answers,
        )
    }

    /// Calls whose body never comes.
    async fn stalled(&self, path: &str, body: &[u8]) -> Answers {
        let mut hostile = self.greeted().await;
        let block = call(path, &self.token, &[]);
        for number in 0..STREAMS {
            let opened = [
                headers(number, 0, &block),
                frame(DATA, 0, stream(number), body),
            ];
            hostile.send(&opened.concat()).await.unwrap();
        }
        let all = usize::try_from(STREAMS).unwrap();
        hostile
            .until(LONGEST, |answers| {
                answers.headers >= all || answers.closed.is_some()
            })
            .await;
        let after = hostile.began.elapsed();
        let mut answers = hostile.answers();
        assert_eq!(answers.headers, all, "{answers:?}");
        answers.closed = Some(after);
        answers
    }

    pub(crate) async fn stalled_bodies(&self) -> Outcome {
        let answers = self.stalled(GET, &[0, 0, 0]).await;
        ended(format!("{STREAMS} calls with 3 bytes each"), answers)
    }

    pub(crate) async fn stalled_health(&self) -> Outcome {
        let answers = self.stalled(HEALTH, &[0, 0, 0]).await;
        ended(
            format!("{STREAMS} health checks with 3 bytes each"),
            answers,
        )
    }

    pub(crate) async fn stalled_mebibytes(&self) -> Outcome {
        let answers = self.stalled(GET, &[0, 0, 0x10, 0, 0, 1]).await;
        ended(format!("{STREAMS} calls that say 1 MiB follows"), answers)
    }

    pub(crate) async fn four_gibibytes(&self) -> Outcome {
        let answers = self.stalled(GET, &[0, 0xff, 0xff, 0xff, 0xff, 1]).await;
        ended(format!("{STREAMS} calls that say 4 GiB follow"), answers)
    }
}
