namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>Values that would have been normal, in the series' own unit, both ends included.</summary>
public readonly record struct NormalRange(double Low, double High)
{
    public bool Contains(double value) => value >= Low && value <= High;
}
