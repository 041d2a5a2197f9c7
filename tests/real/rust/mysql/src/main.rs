//! MariaDB through mysql_async_wasi. Run with: the address of a database, as a URL.
use mysql_async::{params, prelude::*, Error, Opts, Pool, TxOpts};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: real-mysql URL")?;
    let pool = Pool::new(Opts::from_url(&url)?);
    let mut connection = pool.get_conn().await?;

    "CREATE TABLE birds (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) UNIQUE, grams DOUBLE, photo MEDIUMBLOB)"
        .ignore(&mut connection)
        .await?;
    let mut transaction = connection.start_transaction(TxOpts::default()).await?;
    for (name, grams) in [("godwit", Some(290.5)), ("größer", None), ("wren", Some(9.0))] {
        "INSERT INTO birds (name, grams, photo) VALUES (:name, :grams, :photo)"
            .with(params! {"name" => name, "grams" => grams, "photo" => name.as_bytes().repeat(20_000)})
            .ignore(&mut transaction)
            .await?;
    }
    println!("last {:?}", transaction.last_insert_id());
    transaction.commit().await?;

    let mut transaction = connection.start_transaction(TxOpts::default()).await?;
    transaction.exec_drop("DELETE FROM birds WHERE grams > ?", (100.0,)).await?;
    println!("deleted {}", transaction.affected_rows());
    transaction.rollback().await?;

    match "INSERT INTO birds (name) VALUES ('wren')".ignore(&mut connection).await {
        Err(Error::Server(error)) => println!("refused: {}, {}", error.code, error.message),
        other => println!("not refused: {other:?}"),
    }
    let rows: Vec<(i32, String, Option<f64>, Vec<u8>)> =
        connection.exec("SELECT id, name, grams, photo FROM birds ORDER BY name", ()).await?;
    for (id, name, grams, photo) in rows {
        println!("{id} {name} {grams:?} {}", photo.len());
    }
    let mut second = pool.get_conn().await?;
    let (mine, other): (u32, u32) = (connection.id(), second.id());
    let count: Option<i64> = second.query_first("SELECT count(*) FROM birds").await?;
    println!("two connections: {}, {count:?}", mine != other);
    drop((connection, second));
    pool.disconnect().await?;
    println!("closed");
    Ok(())
}
