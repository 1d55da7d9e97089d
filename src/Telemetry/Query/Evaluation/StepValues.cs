using System.Runtime.InteropServices;
using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>What an expression gives at every step.</summary>
internal abstract record StepValues
{
    private StepValues()
    {
    }

    public sealed record Scalar(double[] Values) : StepValues;

    public sealed record Text(string Value) : StepValues;

    /// <param name="Series">Read once: it may be computed while it is read. No two have the same labels, and each has a value somewhere.</param>
    public sealed record Vector(IEnumerable<StepSeries> Series) : StepValues;
}

/// <summary>One series' value at every step, <see cref="Absent.Value"/> where it has none. Whoever is given it may change the values in place.</summary>
internal sealed class StepSeries(LabelSet labels, double[] values, bool isNameless = false)
{
    private LabelSet labels = labels;
    private bool namePending = isNameless;

    public double[] Values { get; } = values;

    /// <summary>Without the metric's name where that was dropped: done only when they are asked for, since most series end in an aggregation.</summary>
    public LabelSet Labels
    {
        get
        {
            if (namePending)
            {
                labels = labels.WithoutName();
                namePending = false;
            }

            return labels;
        }
    }

    public bool HasValues => MemoryMarshal.Cast<double, long>(Values.AsSpan()).ContainsAnyExcept(Absent.Bits);

    public StepSeries WithoutName() => new(labels, Values, isNameless: true);

    public StepSeries With(LabelSet other) => new(other, Values);
}
