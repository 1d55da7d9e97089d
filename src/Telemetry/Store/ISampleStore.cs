using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store;

/// <summary>Where samples are kept.</summary>
public interface ISampleStore
{
    /// <summary>Keeps the samples. When this returns, they survive the end of the process.</summary>
    /// <exception cref="SampleStoreException">Nothing of this batch was acknowledged; whether to try again stands in it.</exception>
    ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken);

    /// <summary>The matching series with at least one sample in the range, in no particular order.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken);
}
