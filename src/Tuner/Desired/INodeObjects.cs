using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>The objects of this node: its NodeTuning, whose status is ours, and its pods.</summary>
/// <remarks>Nothing here but <see cref="PrepareAsync"/> waits for anybody: what is due must be put back in time whoever is away.</remarks>
public interface INodeObjects
{
    string Node { get; }

    /// <summary>Before the first look.</summary>
    /// <exception cref="IOException">They are not there yet; the looks that follow say so too.</exception>
    Task PrepareAsync(CancellationToken cancellationToken = default);

    /// <summary>Is set as soon as there may be a difference; <see langword="null"/> where nobody tells, and <see cref="HaveChanged"/> has to be asked now and then.</summary>
    WaitHandle? Changed { get; }

    /// <summary>Whether there may be a difference since this was last asked.</summary>
    bool HaveChanged();

    /// <summary>What should hold; nothing when there is no NodeTuning.</summary>
    /// <exception cref="IOException">It is not known.</exception>
    IReadOnlyList<SysctlSetting> ReadSettings();

    /// <summary>The pods that are known here.</summary>
    /// <exception cref="IOException">They are not known.</exception>
    PodDirectory ReadPods();

    /// <returns>What was last written; <see langword="null"/> when there is none, or it is not known.</returns>
    NodeTuningStatus? ReadStatus();

    /// <exception cref="IOException">It could not be written.</exception>
    void WriteStatus(NodeTuningStatus status);
}
