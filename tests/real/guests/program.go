// What Go programs do: goroutines, channels, files, JSON, gzip, time, maps. It prints the same wherever it runs.
// Run with: a directory to work in. Reads names from standard input.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"
)

type bird struct {
	Name   string         `json:"name"`
	Grams  float64        `json:"grams,omitempty"`
	Seen   time.Time      `json:"seen"`
	Places map[string]int `json:"places"`
}

// The system's own words begin with a capital on some systems.
func lower(err error) string { return strings.ToLower(err.Error()) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "failed:", lower(err))
		os.Exit(1)
	}
}

func goroutines() {
	jobs, results := make(chan int), make(chan [2]int, 4)
	var workers sync.WaitGroup
	for range 8 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for n := range jobs {
				results <- [2]int{n, n * n}
			}
		}()
	}
	go func() {
		for n := range 1000 {
			jobs <- n
		}
		close(jobs)
		workers.Wait()
		close(results)
	}()
	squares, sum := map[int]int{}, 0
	for pair := range results {
		squares[pair[0]] = pair[1]
		sum += pair[1]
	}
	fmt.Println("goroutines:", len(squares), squares[999], sum)

	var once sync.Once
	var lock sync.Mutex
	counted := 0
	for range 100 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			once.Do(func() { fmt.Println("once") })
			lock.Lock()
			counted++
			lock.Unlock()
		}()
	}
	workers.Wait()
	fmt.Println("counted:", counted)
}

func times() {
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
		fmt.Println("time:", ctx.Err(), time.Since(started) >= 20*time.Millisecond)
	case <-time.After(time.Minute):
		fmt.Println("time: a minute passed")
	}
	ticks := 0
	ticker := time.NewTicker(time.Millisecond)
	for range ticker.C {
		if ticks++; ticks == 5 {
			ticker.Stop()
			break
		}
	}
	day := time.Date(2024, time.February, 29, 23, 59, 58, 5, time.UTC)
	fmt.Println("time:", ticks, day.AddDate(1, 0, 0).Format(time.RFC1123), day.Add(36*time.Hour).Weekday(), day.YearDay())
	fmt.Println("time: this century:", time.Now().Year() >= 2024)
}

func files(directory string) {
	tree := filepath.Join(directory, "tree", "a", "b")
	check(os.MkdirAll(tree, 0o755))
	for n := range 300 {
		check(os.WriteFile(filepath.Join(tree, fmt.Sprintf("file-%03d.txt", n)), bytes.Repeat([]byte{byte(n)}, n), 0o644))
	}
	entries, err := os.ReadDir(tree)
	check(err)
	total, walked := int64(0), 0
	check(filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		walked++
		if info, infoErr := entry.Info(); infoErr == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return err
	}))
	fmt.Println("files:", len(entries), entries[299].Name(), walked, total)

	path := filepath.Join(directory, "numbers")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	check(err)
	writer := bufio.NewWriter(file)
	for n := range 10000 {
		fmt.Fprintln(writer, n)
	}
	check(writer.Flush())
	_, err = file.WriteAt([]byte("zero"), 0)
	check(err)
	_, err = file.Seek(-5, io.SeekEnd)
	check(err)
	end, err := io.ReadAll(file)
	check(err)
	check(file.Truncate(40))
	info, err := file.Stat()
	check(err)
	fmt.Printf("files: %q %d %v\n", end, info.Size(), info.Mode().IsRegular())
	check(file.Close())

	check(os.Rename(path, path+".old"))
	check(os.Symlink("numbers.old", filepath.Join(directory, "link")))
	target, err := os.Readlink(filepath.Join(directory, "link"))
	check(err)
	content, err := os.ReadFile(filepath.Join(directory, "link"))
	check(err)
	fmt.Printf("files: %s %x\n", target, sha256.Sum256(content))
	day := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	check(os.Chtimes(path+".old", day, day))
	info, err = os.Stat(path + ".old")
	check(err)
	fmt.Println("files:", info.ModTime().UTC())

	_, err = os.Open(path)
	fmt.Println("files:", lower(err), errors.Is(err, fs.ErrNotExist))
	_, err = os.OpenFile(path+".old", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	fmt.Println("files:", lower(err), errors.Is(err, fs.ErrExist))
	err = os.Remove(filepath.Join(directory, "tree"))
	fmt.Println("files:", lower(err))
	_, err = os.ReadDir(path + ".old")
	fmt.Println("files:", lower(err))
	check(os.RemoveAll(filepath.Join(directory, "tree")))
}

func archive(directory string) {
	path := filepath.Join(directory, "birds.json.gz")
	birds := []bird{}
	for n, name := range []string{"godwit", "ruff", "größer", "snipe \"common\" <&>"} {
		birds = append(birds, bird{name, float64(n) * 45.3, time.Unix(int64(n)*86400*365, 0).UTC(), map[string]int{"b": n, "a": n * n}})
	}
	file, err := os.Create(path)
	check(err)
	zip, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	check(err)
	for range 200 {
		check(json.NewEncoder(zip).Encode(birds))
	}
	check(zip.Close())
	check(file.Close())

	file, err = os.Open(path)
	check(err)
	defer file.Close()
	unzip, err := gzip.NewReader(file)
	check(err)
	decoder, read := json.NewDecoder(unzip), 0
	var again []bird
	for decoder.More() {
		check(decoder.Decode(&again))
		read += len(again)
	}
	info, err := file.Stat()
	check(err)
	text, err := json.MarshalIndent(again[3], "", "  ")
	check(err)
	fmt.Println("json:", read, info.Size() < 5000, string(text))
	var number int
	fmt.Println("json:", json.Unmarshal([]byte(`{"a": [1, }`), &number), json.Unmarshal([]byte(`"text"`), &number))
}

func library(words map[string]int) {
	for _, word := range slices.SortedFunc(maps.Keys(words), func(a, b string) int {
		return words[b]*1000 - words[a]*1000 + strings.Compare(a, b)
	}) {
		fmt.Println("word:", word, words[word])
	}
	factorial := big.NewInt(1)
	for n := int64(1); n <= 50; n++ {
		factorial.Mul(factorial, big.NewInt(n))
	}
	fmt.Println("big:", factorial)
	check(template.Must(template.New("t").Parse("template:{{range .}} {{.Name | printf \"%q\"}}{{end}}\n")).Execute(
		os.Stdout, []bird{{Name: "a"}, {Name: "b"}}))
	fmt.Printf("%v %8.3f|%-6s|%+d|%x|%U|%T\n", []any{nil, 1.5, "x"}, 3.14159, "ab", 7, "hex", '⌘', words)
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var none map[string]int
		none["a"] = 1
	}()
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var nothing *bird
		fmt.Println(nothing.Name)
	}()
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		fmt.Println(os.Args[len(words)+100])
	}()
	debug.SetGCPercent(20)
	kept := [][]byte{}
	for n := range 20000 {
		if block := make([]byte, 1000); n%1000 == 0 {
			kept = append(kept, block)
		}
	}
	fmt.Println("kept:", len(kept))
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: program DIRECTORY")
		os.Exit(2)
	}
	words := map[string]int{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		for _, word := range strings.Fields(lines.Text()) {
			words[word]++
		}
	}
	fmt.Println("hello,", os.Getenv("WHO"))
	goroutines()
	times()
	files(os.Args[1])
	archive(os.Args[1])
	library(words)
	fmt.Fprintln(os.Stderr, "done")
	defer os.Exit(7)
}
