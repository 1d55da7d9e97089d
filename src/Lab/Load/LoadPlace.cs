using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Load;

/// <summary>Where a load runs: from one pod to another.</summary>
public sealed record LoadPlace(NetworkNamespaceThread Thread, LabPod From, LabPod To, TimeProvider Time);
