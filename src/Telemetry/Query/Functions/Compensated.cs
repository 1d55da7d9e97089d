namespace NetPulse.Telemetry.Query.Functions;

/// <summary>A sum whose rounding errors are carried along (Kahan and Neumaier), so that a small sample beside a large one is not lost.</summary>
internal struct Compensated
{
    private double sum;
    private double lost;

    public readonly double Value => double.IsInfinity(sum) ? sum : sum + lost;

    /// <summary>The same, and NaN once it overflowed.</summary>
    public readonly double Unguarded => sum + lost;

    public void Add(double value)
    {
        var total = sum + value;
        lost += Math.Abs(sum) >= Math.Abs(value) ? sum - total + value : value - total + sum;
        sum = total;
    }
}
