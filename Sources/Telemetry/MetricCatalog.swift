/// Every family and series, as a value: the registry guards one, and an exposition works on a copy of it.
struct MetricCatalog: Sendable {
    /// Suits requests and other short waits, in seconds.
    static let usualBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private(set) var families: [String: MetricFamily] = [:]
    private(set) var help: [String: String] = [:]
    private var buckets: [String: [Double]] = [:]
    /// Sample names in use: a histogram `x` also holds `x_bucket`, `x_sum` and `x_count`.
    private var takenNames: Set<String> = []
    private let seriesLimit: Int
    private let dropped: CounterCell

    init(seriesLimit: Int) {
        self.seriesLimit = seriesLimit
        let name = "qkron_metrics_dropped_series_total"
        dropped = CounterCell(series: SeriesKey(family: name, labels: ""), buckets: [])
        help[name] = "Requests for a metric series that were refused: family full, or name held by another kind."
        takenNames.insert(name)
        families[name] = MetricFamily(kind: .counter, buckets: [], cells: ["": dropped])
    }

    mutating func describe(_ label: String, help text: String, buckets bounds: [Double]?) {
        let name = PrometheusText.metricName(label)
        help[name] = text
        if let bounds {
            buckets[name] = Set(bounds.filter(\.isFinite)).sorted()
            _ = admit(name, as: .histogram)
        } else if name.hasSuffix("_total") {
            _ = admit(name, as: .counter)
        }
    }

    /// The series of that key, made if need be; nil if it may not be made.
    mutating func cell<Cell: MetricCell>(_ series: SeriesKey) -> Cell? {
        guard admit(series.family, as: Cell.kind) else { return refuse() }
        if let known = families[series.family]?.cells[series.labels] as? Cell { return known }
        return make(series)
    }

    /// Adds what collectors have reported; a series that exists already keeps its own value.
    mutating func add(_ collected: CollectedMetrics) {
        for reading in collected.readings {
            switch reading.kind {
            case .counter:
                let cell: CounterCell? = newCell(reading)
                cell?.increment(by: reading.value)
            case .gauge:
                let cell: GaugeCell? = newCell(reading)
                cell?.set(reading.value)
            }
        }
    }

    mutating func remove(_ cell: any MetricCell) {
        let series = cell.series
        // Another of the same name may have been made since this one was destroyed.
        guard families[series.family]?.cells[series.labels] === cell else { return }
        families[series.family]?.cells[series.labels] = nil
    }

    private mutating func newCell<Cell: MetricCell>(_ reading: CollectedMetrics.Reading) -> Cell? {
        let series = SeriesKey(reading.name, reading.dimensions, kind: Cell.kind)
        guard admit(series.family, as: Cell.kind) else { return refuse() }
        guard families[series.family]?.cells[series.labels] == nil else { return refuse() }
        return make(series)
    }

    private mutating func make<Cell: MetricCell>(_ series: SeriesKey) -> Cell? {
        guard let family = families[series.family], family.cells.count < seriesLimit else { return refuse() }
        let cell = Cell(series: series, buckets: family.buckets)
        families[series.family]?.cells[series.labels] = cell
        return cell
    }

    private func refuse<Cell>() -> Cell? {
        dropped.increment(by: Int64(1))
        return nil
    }

    private mutating func admit(_ name: String, as kind: MetricKind) -> Bool {
        if let family = families[name] { return family.kind == kind }
        let names = kind.sampleNames(of: name)
        guard takenNames.isDisjoint(with: names) else { return false }
        takenNames.formUnion(names)
        families[name] = MetricFamily(kind: kind, buckets: buckets[name] ?? Self.usualBuckets, cells: [:])
        return true
    }
}

/// One metric name with all its series, by their rendered labels.
struct MetricFamily: Sendable {
    let kind: MetricKind
    let buckets: [Double]
    var cells: [String: any MetricCell]
}

/// The types of the text format that are made here; the raw value is the word of the `# TYPE` line.
enum MetricKind: String, Sendable {
    case counter, gauge, histogram

    func sampleNames(of family: String) -> [String] {
        switch self {
        case .counter, .gauge: [family]
        case .histogram: [family, family + "_bucket", family + "_sum", family + "_count"]
        }
    }
}

/// Where a series lives: its family's name and its labels as they are written, which makes equal labels one series.
struct SeriesKey: Sendable {
    let family: String
    let labels: String

    init(family: String, labels: String) {
        self.family = family
        self.labels = labels
    }

    init(_ label: String, _ dimensions: [(String, String)], kind: MetricKind) {
        family = PrometheusText.metricName(label)
        labels = PrometheusText.labels(dimensions, reserved: kind == .histogram ? "le" : nil)
    }
}
