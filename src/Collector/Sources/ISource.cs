using NetPulse.Telemetry.Exposition;

namespace NetPulse.Collector.Sources;

/// <summary>Something that can be read at each tick.</summary>
public interface ISource
{
    /// <summary>As it stands in the label <c>source</c>.</summary>
    string Name { get; }

    /// <summary>Called by one thread at a time. What was written before a failure counts.</summary>
    /// <exception cref="IOException">The source could not be read (<see cref="Kernel.BpfException"/> and others); the next tick tries again.</exception>
    /// <exception cref="InvalidDataException">What was read makes no sense.</exception>
    void Read(SampleWriter samples);
}
