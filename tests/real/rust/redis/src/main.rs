//! Redis through redis_wasi. Run with: the server's address, as a URL.
use redis::{Commands, RedisResult};
use std::collections::BTreeMap;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: real-redis URL")?;
    let client = redis::Client::open(url)?;
    let mut connection = client.get_connection()?;

    let _: () = connection.set("bird", "größer")?;
    let bird: String = connection.get("bird")?;
    println!("bird {bird}");
    let missing: Option<String> = connection.get("nothing")?;
    println!("nothing {missing:?}");
    let _: () = connection.hset_multiple("grams", &[("godwit", 290.5), ("wren", 9.0)])?;
    let grams: BTreeMap<String, f64> = connection.hgetall("grams")?;
    println!("{grams:?}");

    let (sum, length): (i64, usize) = redis::pipe()
        .atomic()
        .incr("counter", 40)
        .ignore()
        .incr("counter", 2)
        .rpush("list", &["a", "b", "c"])
        .query(&mut connection)?;
    println!("counter {sum}, {length} in the list");
    let photo = vec![0x55_u8; 300_000];
    let _: () = connection.set("photo", &photo[..])?;
    let again: Vec<u8> = connection.get("photo")?;
    println!("photo the same: {}", again == photo);
    let refused: RedisResult<i64> = connection.incr("bird", 1);
    println!("refused: {}", refused.unwrap_err());
    let script = redis::Script::new("return tonumber(ARGV[1]) + redis.call('LLEN', KEYS[1])");
    println!("script {}", script.key("list").arg(39).invoke::<i64>(&mut connection)?);

    let mut listener = client.get_connection()?;
    let mut channel = listener.as_pubsub();
    channel.subscribe("news")?;
    let heard: i64 = connection.publish("news", "the tide is out")?;
    println!("{heard} heard '{}'", channel.get_message()?.get_payload::<String>()?);
    Ok(())
}
