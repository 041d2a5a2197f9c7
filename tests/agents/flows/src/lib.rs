//! A flow that uses what the crates of flows.network have: an endpoint, a schedule, a store, chats, vectors and a log.
use openai_flows::{chat::ChatOptions, OpenAIFlows};
use schedule_flows::{schedule_cron_job, schedule_handler};
use serde_json::{json, Value};
use std::collections::HashMap;
use vector_store_flows::{create_collection, search_points, upsert_points, CollectionCreateParams, Point, PointId, PointsSearchParams};
use webhook_flows::{create_endpoint, request_handler, send_response};

#[no_mangle]
#[tokio::main(flavor = "current_thread")]
pub async fn on_deploy() {
    create_endpoint().await;
    schedule_cron_job("5 4 * * *".to_string(), "wake up".to_string()).await;
}

#[schedule_handler]
async fn on_time(body: Vec<u8>) {
    store_flows::set("rang", json!(String::from_utf8_lossy(&body)), None);
}

async fn answer(subpath: &str, query: &HashMap<String, Value>, body: &str) -> String {
    match subpath {
        "/count" => {
            let count = store_flows::get("count").and_then(|value| value.as_u64()).unwrap_or(0) + 1;
            store_flows::set("count", json!(count), None);
            count.to_string()
        }
        "/get" => store_flows::get(body).map_or("nothing".to_string(), |value| value.to_string()),
        "/forget" => store_flows::del("count").map_or("nothing".to_string(), |value| value.to_string()),
        "/chat" => {
            let options = ChatOptions { system_prompt: Some("Be brief."), ..Default::default() };
            match OpenAIFlows::new().chat_completion(query["conversation"].as_str().unwrap_or(""), body, &options).await {
                Ok(reply) => format!("{} {}", reply.restarted, reply.choice),
                Err(error) => format!("error: {error}"),
            }
        }
        "/vectors" => {
            create_collection("towns", &CollectionCreateParams { vector_size: 2 }).await.unwrap();
            let point = |id, x, y| Point { id: PointId::Num(id), vector: vec![x, y], payload: None };
            upsert_points("towns", vec![point(1, 1.0, 0.0), point(2, 0.0, 1.0), point(3, 0.7, 0.7)]).await.unwrap();
            let found = search_points("towns", &PointsSearchParams { vector: vec![0.1, 0.9], limit: 2 }).await.unwrap();
            serde_json::to_string(&found.iter().map(|point| &point.id).collect::<Vec<_>>()).unwrap()
        }
        _ => format!("{subpath} {query:?} {body}"),
    }
}

#[request_handler]
async fn on_request(_headers: Vec<(String, String)>, subpath: String, query: HashMap<String, Value>, body: Vec<u8>) {
    flowsnet_platform_sdk::logger::init();
    log::error!("asked for {subpath}");
    let text = answer(&subpath, &query, &String::from_utf8_lossy(&body)).await;
    send_response(200, vec![("X-Flow".to_string(), "crates".to_string())], text.into_bytes());
}
