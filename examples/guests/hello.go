// Hello world in Go: a goroutine, a channel, and Go's own memory manager.
package main

import "fmt"

func main() {
	words := make(chan string)
	go func() {
		defer close(words)
		words <- "Hello from Go!"
	}()
	for word := range words {
		fmt.Println(word)
	}
}
