import Testing

/// Expects two values to be equal; unlike the macro it takes calls that mutate.
func same<Value: Equatable>(
    _ found: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found == expected, sourceLocation: sourceLocation)
}
