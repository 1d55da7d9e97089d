namespace NetPulse.Optimizer.Detection;

public enum Deviation
{
    Fall,
    Rise,
}

/// <summary>A series that left the range it had been in.</summary>
/// <param name="Subject">Whose series.</param>
/// <param name="Signal">Of what.</param>
/// <param name="Departure">How it left.</param>
public sealed record Anomaly(Subject Subject, Signal Signal, Departure Departure)
{
    /// <summary>Whose and of what, in words.</summary>
    public string Series => $"{Subject}: {SignalText.Of(Signal).Name}";

    /// <summary>The value now, with its unit.</summary>
    public string Now => Format(Departure.Now);

    /// <summary>What would have been normal, with its unit.</summary>
    public string Usual => Departure.Usual.High > 0 ? $"{Format(Departure.Usual.Low)} to {Format(Departure.Usual.High)}" : "none";

    public override string ToString() => $"{Series} is {Now}, usually {Usual}, since {Departure.Onset:HH:mm:ss}";

    private string Format(double value) => Quantity.Text(value, SignalText.Of(Signal).Unit);
}
