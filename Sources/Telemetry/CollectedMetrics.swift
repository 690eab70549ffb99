/// What collectors report at one exposition.
package struct CollectedMetrics: Sendable {
    struct Reading: Sendable {
        enum Kind { case counter, gauge }

        let kind: Kind
        let name: String
        let dimensions: [(String, String)]
        let value: Double
    }

    private(set) var readings: [Reading] = []

    /// Reports where a counter stands that someone else keeps. It must never fall while the process lives.
    package mutating func counter(_ name: String, _ value: Double, _ dimensions: [(String, String)] = []) {
        readings.append(Reading(kind: .counter, name: name, dimensions: dimensions, value: value))
    }

    /// Reports a gauge.
    package mutating func gauge(_ name: String, _ value: Double, _ dimensions: [(String, String)] = []) {
        readings.append(Reading(kind: .gauge, name: name, dimensions: dimensions, value: value))
    }
}
