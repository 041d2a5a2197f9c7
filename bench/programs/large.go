// A program of about 20 MB that prints one line: it refers to much of Go's standard library, and runs little of it.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/lzw"
	"container/ring"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/mlkem"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"debug/macho"
	"debug/pe"
	"debug/plan9obj"
	"embed"
	"encoding/asn1"
	"encoding/csv"
	"encoding/gob"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"expvar"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/doc"
	"go/format"
	"go/importer"
	"go/parser"
	"go/printer"
	"go/scanner"
	"go/token"
	"go/types"
	"go/version"
	"hash/crc64"
	"hash/fnv"
	"html/template"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"index/suffixarray"
	"iter"
	"log/slog"
	"math/big"
	"math/cmplx"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/cgi"
	"net/http/cookiejar"
	"net/http/fcgi"
	"net/http/httptest"
	"net/http/httputil"
	"net/http/pprof"
	"net/mail"
	"net/rpc"
	"net/rpc/jsonrpc"
	"net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"runtime/trace"
	"testing"
	"testing/fstest"
	"testing/quick"
	"testing/slogtest"
	textscanner "text/scanner"
	"text/tabwriter"
	"time"
)

// Kept alive by a condition that the compiler cannot decide.
func everything() []any {
	return []any{zip.NewReader, bzip2.NewReader, tls.Dial, x509.ParseCertificate, sql.Open, dwarf.New, elf.NewFile, asn1.Marshal,
		gob.NewEncoder, json.NewDecoder, xml.NewDecoder, ast.Print, doc.New, format.Source, parser.ParseFile, printer.Fprint,
		token.NewFileSet, new(types.Config), template.New, gif.Decode, jpeg.Decode, png.Decode, slog.New, big.NewInt,
		multipart.NewReader, http.ListenAndServe, httptest.NewServer, mail.ReadMessage, rpc.NewServer, smtp.SendMail,
		regexp.MustCompile, testing.Benchmark, tabwriter.NewWriter, time.Now, bytes.NewBuffer,
		lzw.NewReader, ed25519.GenerateKey, ecdsa.GenerateKey, macho.NewFile, pe.NewFile, gosym.NewTable, plan9obj.NewFile, csv.NewReader, pem.Decode, expvar.NewInt, build.Import, constant.MakeInt64, importer.Default, new(scanner.Scanner), draw.Draw, suffixarray.New, cgi.Serve, fcgi.Serve, cookiejar.New, httputil.NewSingleHostReverseProxy, pprof.Index, jsonrpc.Dial, textproto.NewReader, exec.Command, user.Current, trace.Start, fstest.TestFS, quick.Check, slogtest.TestHandler, tar.NewReader, version.Compare, iter.Pull[int], driver.IsValue, rsa.GenerateKey, dsa.GenerateKey, mlkem.GenerateKey768, cmplx.Exp, rand.IntN, crc64.New, fnv.New64, ring.New, new(embed.FS), flag.NewFlagSet, new(textscanner.Scanner)}
}

func main() {
	if len(os.Args) > 1000 {
		for _, value := range everything() {
			fmt.Printf("%T %v\n", value, value)
		}
	}
	fmt.Println("ready")
}
