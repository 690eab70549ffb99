import Foundation
import Testing

@testable import Executor

@Suite struct OutputMaskTests {
    /// What the window holds of a text that comes in pieces of so many bytes.
    private func masked(_ text: String, _ values: [String], piece: Int) throws -> String {
        var window = OutputWindow(limit: 1 << 20)
        var mask = OutputMask(try #require(SecretPatterns(of: values)))
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { mask.append($0, into: &window) }
        }
        mask.finish(into: &window)
        return String(decoding: window.head + window.tail.flatMap { $0 }, as: UTF8.self)
    }

    @Test(
        arguments: [
            (["secret"], "a secret, secretsecret, secre", "a ***, ******, secre"),
            (["secret", "secret-key"], "secret secret-key secret-kez", "*** *** ***-kez"),
            (["secret-key"], "secret-kesecret-key", "secret-ke***"),
            (["abcdef", "defghi"], "xabcdefghiy", "x***y"),
            (["aaaaaa"], String(repeating: "a", count: 5000), "***"),
            (["aaaaaa"], "aaaaaaab aaaaa", "***b aaaaa"),
            (["abcabcx", "bcabca"], "abcabcabcx", "a***"),
            (["one\ntwo\n"], "one\ntwo\n!one\ntwo!one two", "***!***!one two"),
            (["line one\nline two\nend"], "line one\nline two\nend", "***"),
            (["line one\nline two\nend"], "line two, line one\nline twx\nend", "***, ***\nline twx\nend"),
            (["line one\r\nline two\r\n"], "line one\nline two\r\n", "***\n***\r\n"),
            (["{\n  \"token\": 1,\n\t\"no\"\n}"], "  \"token\": 1,\n\"token\": 1,\"no\"", "  ***\n***\"no\""),
            (["geheim€"], "geheim€ geheim\u{20AD}", "*** geheim\u{20AD}"),
            (["short", "longer"], "short longer", "short ***"),
        ] as [([String], String, String)])
    func `values are masked however the stream is cut`(values: [String], text: String, expected: String) throws {
        for piece in [1, 2, 3, 5, 7, 64, 10_000] {
            #expect(try masked(text, values, piece: piece) == expected, "pieces of \(piece)")
        }
    }

    @Test func `whatever is written, no value is left and all else stays`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let letters = Array("ab")
            func text(_ length: ClosedRange<Int>) -> String {
                String((0..<Int.random(in: length, using: &random)).map { _ in letters.randomElement(using: &random)! })
            }
            let values = (0..<3).map { _ in text(6...9) }
            let written = text(0...60)
            let expected = plainly(written, values)
            #expect(try masked(written, values, piece: .random(in: 1...9)) == expected, "\(values) in \(written)")
        }
    }

    /// The same without any haste: every place where a value stands is marked, and each stretch becomes a mask.
    private func plainly(_ text: String, _ values: [String]) -> String {
        let bytes = Array(text)
        var ranges: [Range<Int>] = []
        for start in bytes.indices {
            for value in values where bytes[start...].starts(with: Array(value)) {
                ranges.append(start..<start + value.count)
            }
        }
        ranges.sort { $0.lowerBound < $1.lowerBound }
        var merged: [Range<Int>] = []
        for range in ranges {
            if let last = merged.last, last.upperBound > range.lowerBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        var output = ""
        var place = 0
        for range in merged {
            output += String(bytes[place..<range.lowerBound]) + "***"
            place = range.upperBound
        }
        return output + String(bytes[place...])
    }

    @Test func `values that are too short are none`() {
        #expect(SecretPatterns(of: []) == nil)
        #expect(SecretPatterns(of: ["", "short", "abcde\n\n"].dropLast()) == nil)
        #expect(SecretPatterns(of: ["éééééé"]) != nil)
    }

    @Test func `a command's secrets show on neither stream, nor at the edges of what is kept`() async throws {
        try await withExecutor { client in
            let secret = "s3cr3t-\(UUID().uuidString)"
            var split = request(
                "printf %s \"${TOKEN%????????}\"; sleep 0.2; printf '%s\\n' \"${TOKEN#\"${TOKEN%????????}\"}\"; echo $TOKEN >&2"
            )
            split.environment["TOKEN"] = secret
            split.secretNames = ["TOKEN"]
            let result = await client.result(of: split)
            #expect(result.stdout.text == "***\n" && result.stderr.text == "***\n")

            // Whatever the shift, some value would lie across each edge of the window.
            var flood = request("yes \"$TOKEN\" | head -n 9000", limit: 102_400)
            flood.environment["TOKEN"] = secret
            flood.secretNames = ["TOKEN"]
            let kept = await client.result(of: flood).stdout
            #expect(!kept.text.contains("s3cr3t") && !kept.text.contains(secret.suffix(12)))

            flood.secretNames = []
            flood.executionID = UUID()
            #expect(await client.result(of: flood).stdout.text.contains(secret))
        }
    }

    // A square of the length would take minutes.
    @Test(.timeLimit(.minutes(1)))
    func `masking takes no longer for many values, nor for those that are nearly there`() throws {
        let long = String(repeating: "a", count: 60_000) + "b"
        let patterns = try #require(SecretPatterns(of: [long] + (0..<99).map { "aaaaaa\($0)" }))
        var mask = OutputMask(patterns)
        var window = OutputWindow(limit: 1024)
        let bytes = Array(repeating: UInt8(ascii: "a"), count: 1 << 20)
        for start in stride(from: 0, to: bytes.count, by: 1 << 16) {
            bytes[start..<start + 1 << 16].withUnsafeBytes { mask.append($0, into: &window) }
        }
        mask.finish(into: &window)
        #expect(window.total == bytes.count)
    }
}
