import Domain

extension InputFault {
    /// The fault of a timing, at the field that bears it.
    init(_ fault: TimingFault) {
        self.init([.key(fault.field.rawValue)], fault.reason)
    }
}

extension [InputFault] {
    /// Without what follows from an earlier fault of the same place: a name that cannot be read is not missing too.
    var firstOfEachPlace: [InputFault] {
        var places: Set<[InputFault.Step]> = []
        return filter { places.insert($0.place).inserted }
    }
}
