namespace NetPulse.Optimizer.Detection;

public enum Deviation
{
    Fall,
    Rise,
}

/// <summary>What a series measures.</summary>
public enum Signal
{
    /// <summary>Payload bytes per second that the owner sends.</summary>
    Throughput,

    /// <summary>Smoothed round-trip time in seconds.</summary>
    RoundTripTime,
}

/// <summary>A series that left the range it had been in.</summary>
/// <param name="Subject">Whose series.</param>
/// <param name="Signal">Of what.</param>
/// <param name="Departure">How it left.</param>
public sealed record Anomaly(Subject Subject, Signal Signal, Departure Departure)
{
    /// <summary>Whose and of what, in words.</summary>
    public string Series => $"{Subject}: {(Signal == Signal.Throughput ? "throughput" : "round-trip time")}";

    /// <summary>The value now, with its unit.</summary>
    public string Now => Format(Departure.Now);

    /// <summary>What would have been normal, with its unit.</summary>
    public string Usual => $"{Format(Departure.Usual.Low)} to {Format(Departure.Usual.High)}";

    public override string ToString() => $"{Series} is {Now}, usually {Usual}, since {Departure.Onset:HH:mm:ss}";

    private string Format(double value) => Signal == Signal.Throughput
        ? new Telemetry.Units.BytesPerSecond(value).ToString()
        : $"{value * 1000:0.0} ms";
}
