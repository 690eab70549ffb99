import Metrics
import Synchronization

/// One series: the handler that swift-metrics calls, and the value that is shown.
protocol MetricCell: AnyObject, Sendable {
    static var kind: MetricKind { get }
    var series: SeriesKey { get }
    var reading: MetricReading { get }
    init(series: SeriesKey, buckets: [Double])
}

/// The value of a series at one moment.
enum MetricReading: Equatable {
    case whole(Int64)
    case number(Double)
    case histogram(cumulative: [Bucket], sum: Double, count: UInt64)

    struct Bucket: Equatable {
        let upperBound: Double
        let count: UInt64
    }
}

final class CounterCell: MetricCell, CounterHandler, FloatingPointCounterHandler {
    static let kind = MetricKind.counter
    let series: SeriesKey
    // Apart, so that the usual increment is a single instruction and stays exact beyond 2^53.
    private let whole = Atomic<Int64>(0)
    private let fractions = Atomic<Double>(0)

    init(series: SeriesKey, buckets: [Double]) {
        self.series = series
    }

    var reading: MetricReading {
        let whole = whole.load(ordering: .relaxed)
        let fractions = fractions.load(ordering: .relaxed)
        return fractions == 0 ? .whole(whole) : .number(Double(whole) + fractions)
    }

    // Counters never fall: rates over one that did would see a restart.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(amount, ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fractions.add(amount)
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fractions.store(0, ordering: .relaxed)
    }
}

final class GaugeCell: MetricCell, MeterHandler, RecorderHandler {
    static let kind = MetricKind.gauge
    let series: SeriesKey
    private let value = Atomic<Double>(0)

    init(series: SeriesKey, buckets: [Double]) {
        self.series = series
    }

    var reading: MetricReading { .number(value.load(ordering: .relaxed)) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.store(value, ordering: .relaxed) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

final class HistogramCell: MetricCell, RecorderHandler, TimerHandler {
    private struct Tally {
        var counts: [UInt64]
        var sum = 0.0
    }

    static let kind = MetricKind.histogram
    let series: SeriesKey
    private let bounds: [Double]
    // A lock and not atomics: sum, count and buckets of one reading must agree.
    private let tally: Mutex<Tally>

    init(series: SeriesKey, buckets: [Double]) {
        self.series = series
        bounds = buckets
        tally = Mutex(Tally(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    var reading: MetricReading {
        let tally = tally.withLock { $0 }
        var count: UInt64 = 0
        let cumulative = zip(bounds + [.infinity], tally.counts).map { bound, own in
            count += own
            return MetricReading.Bucket(upperBound: bound, count: count)
        }
        return .histogram(cumulative: cumulative, sum: tally.sum, count: count)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // One such value would spoil the sum for good.
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        tally.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) {
        // Negative only when a clock was set back in between: nothing was measured.
        record(Double(max(duration, 0)) / 1e9)
    }
}

extension Atomic where Value == Double {
    fileprivate func add(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let (exchanged, original) = weakCompareExchange(
                expected: current, desired: current + amount, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
