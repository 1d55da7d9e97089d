namespace NetPulse.Optimizer.Detection;

public enum Deviation
{
    Fall,
    Rise,
}

/// <summary>What an edge's series measures.</summary>
public enum Signal
{
    /// <summary>Payload bytes per second that the owner sends.</summary>
    Throughput,

    /// <summary>Smoothed round-trip time in seconds.</summary>
    RoundTripTime,
}

/// <summary>A series that left the range it had been in.</summary>
/// <param name="Edge">Whose series.</param>
/// <param name="Signal">Of what.</param>
/// <param name="Departure">How it left.</param>
public sealed record Anomaly(Edge Edge, Signal Signal, Departure Departure)
{
    public override string ToString()
    {
        var (now, low, high) = (Format(Departure.Now), Format(Departure.Usual.Low), Format(Departure.Usual.High));
        return $"{Edge}: {(Signal == Signal.Throughput ? "throughput" : "round-trip time")} is {now}, usually {low} to {high}, since {Departure.Onset:HH:mm:ss}";
    }

    private string Format(double value) => Signal == Signal.Throughput
        ? new Telemetry.Units.BytesPerSecond(value).ToString()
        : $"{value * 1000:0.0} ms";
}
