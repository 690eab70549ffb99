import Testing

@testable import Scheduling

struct CronErrorTests {
    @Test(arguments: [
        ("60 * * * *", "minute: '60' is out of range"),
        ("* 24 * * *", "hour: '24' is out of range"),
        ("* * 0 * *", "day of month: '0' is out of range"),
        ("* * 32 * *", "day of month: '32' is out of range"),
        ("* * * 13 *", "month: '13' is out of range"),
        ("* * * 0 *", "month: '0' is out of range"),
        ("* * * * 8", "day of week: '8' is out of range"),
        ("60 * * * * *", "second: '60' is out of range"),
        ("100 * * * *", "minute: '100' is out of range"),
        ("007 * * * *", "minute: '007' is out of range"),
        ("*/90 * * * *", "minute: '*/90' needs a step as a number from 1 to 60"),
        ("*/0 * * * *", "minute: '*/0' needs a step"),
        ("* */25 * * *", "hour: '*/25' needs a step as a number from 1 to 24"),
        ("* * * */13 *", "month: '*/13' needs a step"),
        ("* * * * */8", "day of week: '*/8' needs a step as a number from 1 to 7"),
        ("*/ * * * *", "minute: '*/' needs a step"),
        ("* * * */JAN *", "month: '*/JAN' needs a step"),
        ("1, * * * *", "minute: '1,' has an empty list item"),
        (",1 * * * *", "minute: ',1' has an empty list item"),
        ("1,,2 * * * *", "minute: '1,,2' has an empty list item"),
        ("5-1- * * * *", "minute: '5-1-' is not understood from '-' on"),
        ("1- * * * *", "minute: '1-' is not understood"),
        ("-1 * * * *", "minute: '-1' is not understood"),
        ("** * * * *", "minute: '**' is not understood from '*' on"),
        ("1/2/3 * * * *", "minute: '1/2/3' is not understood from '/3' on"),
        ("? * * * *", "minute: '?' is not understood"),
        ("* * * ? *", "month: '?' is not understood"),
        ("* * ?/2 * *", "day of month: '?/2' is not understood"),
        ("* * ?,1 * *", "day of month: '?' is not understood"),
        ("MON * * * *", "minute: 'MON' is not understood"),
        ("* * * MON *", "month: 'MON' is not understood"),
        ("* * * JANUARY *", "month: 'JANUARY' is not understood from 'UARY' on"),
        ("* * JAN * *", "day of month: 'JAN' is not understood"),
        ("* * 0W * *", "day of month: '0W' is out of range"),
        ("* * 32W * *", "day of month: '32W' is out of range"),
        ("* * 1W/2 * *", "day of month: '1W/2' is not understood from '/2' on"),
        ("* * 1-5W * *", "day of month: '1-5W' is not understood from 'W' on"),
        ("* * W * *", "day of month: 'W' is not understood"),
        ("* * L-31 * *", "day of month: 'L-31' needs days before the last as a number from 0 to 30"),
        ("* * L- * *", "day of month: 'L-' needs days before the last"),
        ("* * L/2 * *", "day of month: 'L/2' is not understood from '/2' on"),
        ("* * WL * *", "day of month: 'WL' is not understood"),
        ("* * 5L * *", "day of month: '5L' is not understood from 'L' on"),
        ("* * * * L", "day of week: 'L' is not understood"),
        ("* * * * 5W", "day of week: '5W' is not understood from 'W' on"),
        ("* * * * 1#6", "day of week: '1#6' needs the count after # as a number from 1 to 5"),
        ("* * * * 1#0", "day of week: '1#0' needs the count after #"),
        ("* * * * 1#", "day of week: '1#' needs the count after #"),
        ("* * * * #1", "day of week: '#1' is not understood"),
        ("* * * * 8L", "day of week: '8L' is out of range"),
        ("* * * * 1-5L", "day of week: '1-5L' is not understood from 'L' on"),
        ("* * * * MON#1/2", "day of week: 'MON#1/2' is not understood from '/2' on"),
        ("* * * * 5LL", "day of week: '5LL' is not understood from 'L' on"),
        ("* * * *", "expression: '* * * *' has 4 fields"),
        ("*", "expression: '*' has only 1 field"),
        ("* * * * * * *", "expression: '* * * * * * *' has 7 fields"),
        ("0 0 1 1 * 2027 x", "has 7 fields"),
        ("", "expression: '' is empty"),
        (" \t ", "is empty"),
        ("@reboot", "expression: '@reboot' is not a macro"),
        ("@every 5m", "is not a macro"), ("@wee\u{212A}ly", "is not a macro"),
        ("@daily x", "is not a macro"),
        ("TZ=UTC * * * * *", "second: 'TZ=UTC' is not understood"),
        ("* * * * *\n", "day of week: '*\\n' is not understood from '\\n' on"),
        ("* * * *\u{A0}* *", "hour"),
        ("\u{661} * * * *", "minute: '\u{661}' is not understood"),
        ("\u{FF11}\u{202E} * * * *", "minute: '\u{FF11}\\u{202E}' is not understood"),
        ("* * * * * # every minute", "has 8 fields"),
        ("* * * * *\r", "'*\\r'"),
        ("0\u{B}0 * * * *", "minute: '0\\x0B0' is not understood"),
    ])
    func `a bad expression is refused in one line that says what and where`(_ text: String, _ start: String) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(text) }
        if start != "hour" { #expect(error.description.contains(start)) }
        #expect(error.description.contains("; allowed: "))
        #expect(!error.description.contains("\n"))
        #expect(error.description.unicodeScalars.allSatisfy { $0 == " " || !$0.properties.isWhitespace })
    }

    @Test(arguments: [
        "0 0 31 2 *", "0 0 30 2 *", "0 0 31W 4 *", "0 0 31 4,6,9,11 *", "0 0 L-30 2,4,6,9,11 *", "0 0 L-29 2 *",
        "0 0 */31 * 5#2", "0 0 31 2 ?", "0 0 30W 2 *", "0 0 L-29W 2 *",
    ])
    func `an expression that no date can match is refused`(_ text: String) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(text) }
        #expect(error.description.hasPrefix("day of month, month, day of week: '"))
        #expect(error.description.contains("never comes"))
    }

    @Test(arguments: [
        "0 0 29 2 *", "0 0 29W 2 *", "0 0 L-28 2 *", "0 0 31 2 MON", "0 0 30 2 MON#5", "0 0 * 2 MON#5", "*/60 * * * *",
        "0 */24 * * *", "0 0 */31 * *", "0 0 * */12 *", "0 0 * * */7", "\t0 0\t \t* * * ", "@DAILY", "@Midnight",
        "0 0 l,lw,l-3,l-3w,15w * *", "0 0 * * fril,7#1,sun#2", "0 0 L-0 * *", "00 09 01 01 00", "0 0 * nov-FEB fri-MON",
    ])
    func `a rare or oddly spelled expression is accepted`(_ text: String) throws {
        _ = try CronExpression(text)
    }

    @Test func `at most a thousand characters are read`() throws {
        let fitting = "0 0 * * " + String(repeating: "1,", count: 495) + "1"
        _ = try CronExpression(fitting + " ")
        let error = try #require(throws: CronError.self) { try CronExpression(fitting + "  ") }
        #expect(error.description.contains("is too long (1001 characters); allowed: at most 1000"))
        #expect(error.description.count < 200)
    }

    @Test(arguments: [
        ("5-7", "5,6,0"), ("1-7/2", "1,3,5,0"), ("7/2", "0/2"), ("7-2", "0-2"), ("7-7", "0"), ("7-7/2", "0"),
        ("1/2", "1,3,5"),
        ("SUN-7", "0-6"), ("0-7/7", "0"), ("0-7/3", "0,3,6"), ("7-SUN", "0"), ("SAT-SUN", "6,0"),
        ("FRI-MON", "5,6,0,1"), ("5-2/2", "5,0,2"),
        ("6-7/2", "6"),
    ])
    func `weekdays mean what the rule for Sunday says`(_ spelled: String, _ meant: String) throws {
        let left = try CronExpression("0 0 1 * \(spelled)")
        let right = try CronExpression("0 0 1 * \(meant)")
        #expect(left == right)
    }

    @Test(arguments: [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
        ("@hourly", "0 * * * *"), ("10-30/15 * * * *", "10,25-25 * * * *"), ("0 22-2 * * *", "0 22,23,0-2 * * *"),
        ("0 20-4/3 * * *", "0 20,23,2/23 * * *"), ("0 0 28-3 * *", "0 0 28,29,30,31,1,2,3 * *"),
        ("*/60 * * * *", "0/60 * * * *"), ("0 0 * jan,Feb *", "0 0 * 1-2 *"), ("0 * * * * *", "* * * * *"),
    ])
    func `two spellings of one schedule are equal`(_ left: String, _ right: String) throws {
        #expect(try CronExpression(left) == CronExpression(right))
    }
}
