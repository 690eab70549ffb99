/// The Prometheus text exposition format, version 0.0.4.
enum PrometheusText {
    static func exposition(of catalog: MetricCatalog) -> String {
        var text = ""
        for (name, family) in catalog.families.sorted(by: { $0.key < $1.key }) {
            if let help = catalog.help[name] {
                text += "# HELP \(name) \(escaped(help, quotes: false))\n"
            }
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, cell) in family.cells.sorted(by: { $0.key < $1.key }) {
                append(cell.reading, of: name, labels: labels, to: &text)
            }
        }
        return text
    }

    private static func append(_ reading: MetricReading, of name: String, labels: String, to text: inout String) {
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        switch reading {
        case .whole(let value):
            text += "\(name)\(braced) \(value)\n"
        case .number(let value):
            text += "\(name)\(braced) \(number(value))\n"
        case .histogram(let cumulative, let sum, let count):
            let prefix = labels.isEmpty ? "" : labels + ","
            for bucket in cumulative {
                text += "\(name)_bucket{\(prefix)le=\"\(number(bucket.upperBound))\"} \(bucket.count)\n"
            }
            text += "\(name)_sum\(braced) \(number(sum))\n\(name)_count\(braced) \(count)\n"
        }
    }

    /// As Go's `ParseFloat` reads it; whole numbers without a fraction, as Prometheus' own clients write bounds.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func metricName(_ text: String) -> String {
        name(text, allowingColon: true)
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and not `__…`, which Prometheus keeps for itself.
    static func labelName(_ text: String) -> String {
        let valid = name(text, allowingColon: false)
        return valid.hasPrefix("__") ? "_" + valid.drop { $0 == "_" } : valid
    }

    /// Labels as they stand between the braces: sorted, escaped, of one name the last; an empty value is no label.
    /// The `reserved` name is taken by the format, and a label of that name becomes `exported_…`.
    static func labels(_ dimensions: [(String, String)], reserved: String?) -> String {
        var values: [String: String] = [:]
        for (name, value) in dimensions {
            let name = labelName(name)
            values[name == reserved ? "exported_" + name : name] = value
        }
        return values.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }
            .joined(separator: ",")
    }

    /// Escapes scalar by scalar: as a `Character`, a line feed after a carriage return is not a line feed.
    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func name(_ text: String, allowingColon: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.append(scalar)
            case "0"..."9":
                if result.isEmpty { result.append("_") }
                result.append(scalar)
            case ":" where allowingColon: result.append(scalar)
            default: result.append("_")
            }
        }
        return result.isEmpty ? "_" : String(result)
    }
}
