package guest

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// maxWatched bounds the files that one guest's Watch looks at.
const maxWatched = 100_000

var errTooManyFiles = errors.New("too many files")

// watch starts to watch the configured directories. A change is announced on
// changes, which is nil when nothing is watched; stop returns when the watching
// goroutine has ended.
func (g *Guest) watch(ctx context.Context) (changes <-chan struct{}, stop func()) {
	if len(g.cfg.Watch.Directories) == 0 {
		return nil, func() {}
	}
	w := &watcher{
		cfg:     g.cfg.Watch,
		workdir: g.cfg.Workdir,
		log:     g.log,
		limit:   maxWatched,
		seed:    maphash.MakeSeed(),
		changes: make(chan struct{}, 1),
	}
	// Before the first process starts: what changes from now on counts.
	w.seen = w.scan()
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { w.run(ctx) })
	return w.changes, func() { cancel(); running.Wait() }
}

// watcher compares what directories hold now with what they held before. It
// remembers one number for all files.
type watcher struct {
	cfg     Watch
	workdir string
	log     *slog.Logger
	limit   int // of files
	seed    maphash.Seed

	seen       uint64 // of the last scan that was announced
	complained string // the last complaint; each is logged once

	changes chan struct{} // capacity 1
}

func (w *watcher) run(ctx context.Context) {
	interval := w.cfg.Interval
	for wait(ctx, interval) {
		started := time.Now()
		now := w.scan()
		interval = max(w.cfg.Interval, 10*time.Since(started))
		if now == w.seen {
			continue
		}
		if now = w.settle(ctx, now); now == w.seen {
			continue // a temporary file came and went
		}
		w.seen = now
		select {
		case w.changes <- struct{}{}:
		default: // one is announced already
		}
	}
}

// settle waits until nothing changes any more, so that a build or a checkout
// is one change.
func (w *watcher) settle(ctx context.Context, now uint64) uint64 {
	for wait(ctx, w.cfg.Debounce) {
		next := w.scan()
		if next == now {
			break
		}
		now = next
	}
	return now
}

// wait reports whether d passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// scan sums up the path, time and size of all files in the directories.
func (w *watcher) scan() uint64 {
	var sum maphash.Hash
	sum.SetSeed(w.seed)
	files, complaint := 0, ""
	for _, dir := range w.cfg.Directories {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(w.workdir, dir)
		}
		// A link may be turned to another directory: that is a change, too.
		root, err := filepath.EvalSymlinks(dir)
		if err == nil {
			err = filepath.WalkDir(root, w.visit(&sum, &files))
		}
		if err != nil {
			complaint = dir + ": " + err.Error()
		}
	}
	if complaint != "" && complaint != w.complained {
		w.log.Warn("guest's files are not watched completely", "err", complaint)
	}
	w.complained = complaint
	return sum.Sum64()
}

// visit returns the function that adds what the walk meets to sum. Directories
// count only by the files in them: ignored files change their times.
func (w *watcher) visit(sum *maphash.Hash, files *int) fs.WalkDirFunc {
	depth := 0
	return func(path string, entry fs.DirEntry, err error) error {
		root := depth == 0
		depth++
		switch {
		case err != nil && root:
			return err
		case err != nil: // gone meanwhile, or not ours to read
			return nil
		case !root && w.ignored(entry.Name()):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		if *files++; *files > w.limit {
			return errTooManyFiles
		}
		if info, err := entry.Info(); err == nil {
			add(sum, path, info)
		}
		return nil
	}
}

func add(sum *maphash.Hash, path string, info fs.FileInfo) {
	var numbers [16]byte
	binary.NativeEndian.PutUint64(numbers[:8], uint64(info.ModTime().UnixNano()))
	binary.NativeEndian.PutUint64(numbers[8:], uint64(info.Size()))
	_, _ = sum.WriteString(path)
	_, _ = sum.Write(numbers[:])
}

func (w *watcher) ignored(name string) bool {
	for _, pattern := range w.cfg.Ignore {
		if match, _ := filepath.Match(pattern, name); match {
			return true
		}
	}
	return false
}
