//! PostgreSQL through tokio-postgres_wasi. Run with: the connection's parameters, as libpq has them.
use std::error::Error;
use tokio_postgres::{error::SqlState, Config, NoTls};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config: Config = std::env::args().nth(1).ok_or("usage: real-postgres PARAMETERS")?.parse()?;
    let (mut client, connection) = config.connect(NoTls).await?;
    let driver = tokio::spawn(connection);

    client.batch_execute("CREATE TABLE birds (id SERIAL PRIMARY KEY, name TEXT UNIQUE, grams FLOAT8, photo BYTEA)").await?;
    let transaction = client.transaction().await?;
    let insert = transaction.prepare("INSERT INTO birds (name, grams, photo) VALUES ($1, $2, $3)").await?;
    for (name, grams) in [("godwit", Some(290.5)), ("größer", None), ("wren", Some(9.0))] {
        transaction.execute(&insert, &[&name, &grams, &name.as_bytes().repeat(20_000)]).await?;
    }
    transaction.commit().await?;

    let transaction = client.transaction().await?;
    println!("deleted {}", transaction.execute("DELETE FROM birds WHERE grams > $1", &[&100.0]).await?);
    transaction.rollback().await?;

    let refused = client.execute("INSERT INTO birds (name) VALUES ('wren')", &[]).await.unwrap_err();
    println!("refused: {}, {}", refused.code() == Some(&SqlState::UNIQUE_VIOLATION), refused.as_db_error().map_or("", |e| e.message()));
    for row in client.query("SELECT id, name, grams, photo FROM birds ORDER BY name", &[]).await? {
        let (id, name): (i32, &str) = (row.get(0), row.get(1));
        let (grams, photo): (Option<f64>, &[u8]) = (row.get(2), row.get(3));
        println!("{id} {name} {grams:?} {}", photo.len());
    }
    let sum: i64 = client.query_one("SELECT sum(n)::int8 FROM generate_series(1, $1::int4) n", &[&100_000]).await?.get(0);
    println!("sum {sum}");
    // many questions at once, in one connection
    let statement = client.prepare("SELECT $1::int4 * 2").await?;
    let (one, two, three) = tokio::join!(
        client.query_one(&statement, &[&1]), client.query_one(&statement, &[&2]), client.query_one(&statement, &[&3]));
    println!("{} {} {}", one?.get::<_, i32>(0), two?.get::<_, i32>(0), three?.get::<_, i32>(0));
    drop(client);
    driver.await??;
    println!("closed");
    Ok(())
}
