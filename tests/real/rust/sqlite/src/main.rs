//! A database in a file: what is written by one run is there for the next.
//! Run with: a file, then `create`, `change`, `read` or `crash`.
use rusqlite::{params, Connection, TransactionBehavior};
use std::error::Error;
use std::path::Path;

fn create(db: &mut Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, grams REAL, photo BLOB);
         CREATE TABLE sightings (bird INTEGER NOT NULL REFERENCES birds(id), place TEXT, day INTEGER);
         CREATE INDEX by_day ON sightings(day);",
    )?;
    let transaction = db.transaction()?;
    {
        let mut birds = transaction.prepare("INSERT INTO birds (name, grams, photo) VALUES (?1, ?2, ?3)")?;
        for (name, grams) in [("godwit", 290.5), ("wren", 9.0), ("sandpiper", 48.25), ("ruff", 180.0)] {
            birds.execute(params![name, grams, name.as_bytes().repeat(100)])?;
        }
        let mut sightings = transaction.prepare("INSERT INTO sightings VALUES (?1, ?2, ?3)")?;
        for n in 0..2000_i64 {
            sightings.execute(params![n % 4 + 1, format!("place {}", n * 7919 % 97), n % 365])?;
        }
    }
    transaction.commit()
}

fn change(db: &mut Connection, path: &str) -> Result<(), Box<dyn Error>> {
    let journal = format!("{path}-journal");
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE birds SET grams = grams + 1", [])?;
    println!("journal while changing: {}", Path::new(&journal).exists());
    transaction.commit()?;
    println!("journal afterwards: {}", Path::new(&journal).exists());

    let transaction = db.transaction()?;
    println!("deleted {}", transaction.execute("DELETE FROM sightings WHERE bird = 1", [])?);
    transaction.rollback()?;

    let mut transaction = db.transaction()?;
    let inner = transaction.savepoint()?;
    inner.execute("INSERT INTO birds (name) VALUES ('snipe')", [])?;
    let refused = inner.execute("INSERT INTO birds (name) VALUES ('wren')", []).unwrap_err();
    println!("refused: {refused}");
    inner.commit()?;
    transaction.commit()?;
    println!("refused: {}", db.execute("INSERT INTO sightings VALUES (99, 'nowhere', 1)", []).unwrap_err());
    Ok(())
}

fn read(db: &Connection) -> Result<(), Box<dyn Error>> {
    println!("{}", db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))?);
    let mut birds = db.prepare(
        "SELECT name, grams, length(photo), (SELECT count(*) FROM sightings WHERE bird = id) FROM birds ORDER BY name",
    )?;
    let rows = birds.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<f64>>(1)?, row.get::<_, Option<i64>>(2)?, row.get::<_, i64>(3)?))
    })?;
    for row in rows {
        let (name, grams, bytes, seen) = row?;
        println!("{name}: {grams:?} g, {bytes:?} bytes, seen {seen} times");
    }
    let sql = "SELECT place, count(*) AS n, min(day), max(day) FROM sightings GROUP BY place ORDER BY n DESC, place LIMIT 3";
    let mut places = db.prepare(sql)?;
    let mut rows = places.query([])?;
    while let Some(row) = rows.next()? {
        println!("{} {} {} {}", row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?);
    }
    let sql = "WITH RECURSIVE fib(a, b) AS (VALUES (0, 1) UNION ALL SELECT b, a + b FROM fib LIMIT 20)
               SELECT json_group_array(a), printf('%.3f', sum(a) / 7.0), upper(hex(zeroblob(2))) FROM fib";
    println!("{:?}", db.query_row(sql, [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?);
    Ok(())
}

/// Leaves a transaction half done, its pages in the file and the journal beside it: as after a loss of power.
fn crash(db: &mut Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "cache_size", 5)?;
    let transaction = db.transaction()?;
    transaction.execute("UPDATE sightings SET place = place || ' or there'", [])?;
    transaction.execute("UPDATE birds SET photo = NULL, grams = 0", [])?;
    std::process::exit(3);
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, what] = &arguments[..] else { return Err("usage: real-sqlite FILE create|change|read|crash".into()) };
    let mut db = Connection::open(path)?;
    db.pragma_update(None, "foreign_keys", true)?;
    match what.as_str() {
        "create" => create(&mut db)?,
        "change" => change(&mut db, path)?,
        "crash" => crash(&mut db)?,
        _ => {}
    }
    read(&db)
}
