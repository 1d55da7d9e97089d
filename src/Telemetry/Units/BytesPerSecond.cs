namespace NetPulse.Telemetry.Units;

/// <summary>Throughput. A type of its own, so that it cannot be added to a ratio.</summary>
public readonly record struct BytesPerSecond(double Value) : IComparable<BytesPerSecond>
{
    /// <summary>Decimal megabits per second, as network people say it.</summary>
    public double MegabitsPerSecond => Value * 8 / 1e6;

    public static BytesPerSecond FromMegabitsPerSecond(double value) => new(value * 1e6 / 8);

    /// <summary>Bytes that are under way when this rate meets this round-trip time: the bandwidth-delay product.</summary>
    public double BytesInFlight(TimeSpan roundTripTime) => Value * roundTripTime.TotalSeconds;

    public int CompareTo(BytesPerSecond other) => Value.CompareTo(other.Value);

    public override string ToString() => MegabitsPerSecond >= 0.1 ? $"{MegabitsPerSecond:0.0} Mbit/s" : $"{Value * 8 / 1e3:0.0} kbit/s";

    public static bool operator <(BytesPerSecond left, BytesPerSecond right) => left.Value < right.Value;
    public static bool operator >(BytesPerSecond left, BytesPerSecond right) => left.Value > right.Value;
    public static bool operator <=(BytesPerSecond left, BytesPerSecond right) => left.Value <= right.Value;
    public static bool operator >=(BytesPerSecond left, BytesPerSecond right) => left.Value >= right.Value;
}
