package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Report is the outcome of a Run.
type Report struct {
	Kind         string         `json:"kind,omitempty"`         // "rpc" or "pubsub"
	Offered      float64        `json:"offered,omitempty"`      // operations per second; absent in a closed loop
	Seconds      float64        `json:"seconds"`                // of what was counted
	Operations   int64          `json:"operations"`             // that ended well
	Rate         float64        `json:"rate"`                   // of these, per second
	Observations int64          `json:"observations,omitempty"` // latencies measured: calls, or deliveries
	Errors       int64          `json:"errors"`
	ErrorTexts   map[string]int `json:"error_texts,omitempty"` // how often each, of the first few kinds
	Missed       int64          `json:"missed,omitempty"`      // due at the fixed rate, but the load generator was held up until the end
	Latency      Latency        `json:"latency_us"`
}

// Latency is a distribution in microseconds.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// Write prints the report for people.
func (r *Report) Write(w io.Writer) {
	unit := "operations"
	switch r.Kind {
	case "rpc":
		unit = "calls"
	case "pubsub":
		unit = "publications"
	}
	fmt.Fprintf(w, "%-12s %d in %.1f s, %.0f a second", unit, r.Operations, r.Seconds, r.Rate)
	if r.Offered > 0 {
		fmt.Fprintf(w, " (offered %s)", strconv.FormatFloat(r.Offered, 'f', -1, 64))
	}
	fmt.Fprintln(w)
	if r.Kind == "pubsub" {
		fmt.Fprintf(w, "%-12s %d, %.0f a second\n", "deliveries", r.Observations, float64(r.Observations)/r.Seconds)
	}
	l := r.Latency
	fmt.Fprintf(w, "%-12s p50 %s  p90 %s  p99 %s  p99.9 %s  max %s  mean %s\n", "latency",
		micros(l.P50), micros(l.P90), micros(l.P99), micros(l.P999), micros(l.Max), micros(l.Mean))
	r.writeTrouble(w)
}

func (r *Report) writeTrouble(w io.Writer) {
	fmt.Fprintf(w, "%-12s %d\n", "errors", r.Errors)
	texts := slices.SortedFunc(maps.Keys(r.ErrorTexts), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.ErrorTexts[b], r.ErrorTexts[a]), cmp.Compare(a, b))
	})
	for _, text := range texts {
		fmt.Fprintf(w, "  %d × %s\n", r.ErrorTexts[text], text)
	}
	if r.Missed > 0 {
		fmt.Fprintf(w, "%-12s %d were due but not offered: at this rate more than --concurrency operations are under way\n", "missed", r.Missed)
	}
}

func micros(us float64) string {
	switch {
	case us < 1000:
		return fmt.Sprintf("%.0f µs", us)
	case us < 100_000:
		return fmt.Sprintf("%.1f ms", us/1000)
	}
	return fmt.Sprintf("%.2f s", us/1e6)
}

const (
	maxLatency    = time.Hour
	maxErrorTexts = 10
)

// recorder counts while a load runs. It is safe for concurrent use: a mutex
// costs a few per cent of the cheapest operation, a histogram per worker
// would cost a hundred kilobytes each.
type recorder struct {
	mu         sync.Mutex // guards the fields below
	histogram  *hdrhistogram.Histogram
	operations int64
	errors     int64
	texts      map[string]int
}

func newRecorder() *recorder {
	return &recorder{
		histogram: hdrhistogram.New(int64(time.Microsecond), int64(maxLatency), 3),
		texts:     make(map[string]int),
	}
}

func (r *recorder) observe(latency time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.histogram.RecordValue(int64(min(max(latency, 0), maxLatency))) // cannot fail within its range
}

func (r *recorder) done(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.operations++
		return
	}
	r.errors++
	text := err.Error()
	if _, known := r.texts[text]; !known && len(r.texts) >= maxErrorTexts {
		text = "others"
	}
	r.texts[text]++
}

func (r *recorder) report(l Load, missed int64, elapsed time.Duration) *Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	seconds := max(elapsed, 1).Seconds()
	return &Report{
		Offered: l.Rate, Seconds: seconds,
		Operations: r.operations, Rate: float64(r.operations) / seconds, Observations: r.histogram.TotalCount(),
		Errors: r.errors, ErrorTexts: r.texts, Missed: missed,
		Latency: latency(r.histogram),
	}
}

func latency(h *hdrhistogram.Histogram) Latency {
	if h.TotalCount() == 0 {
		return Latency{} // an empty histogram has a Max
	}
	return Latency{
		Mean: h.Mean() / 1e3,
		P50:  quantile(h, 50), P90: quantile(h, 90), P99: quantile(h, 99), P999: quantile(h, 99.9),
		Max: float64(h.Max()) / 1e3,
	}
}

func quantile(h *hdrhistogram.Histogram, q float64) float64 {
	return float64(h.ValueAtQuantile(q)) / 1e3
}
