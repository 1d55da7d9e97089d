using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;
using NetPulse.Tuner.Desired;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Tests;

/// <summary>A node with its objects and its Tuner, whose loop the test turns by hand.</summary>
internal sealed class TestNode : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("nptest-");
    private readonly KnobTable knobs;
    private readonly List<IDisposable> running = [];

    public TestNode(KnobTable? knobs = null, TimeProvider? time = null)
    {
        this.knobs = knobs ?? KnobTable.Accepted;
        Time = time ?? Clock;
        Objects = new DirectoryNodeObjects(ObjectsDirectory, "node-1");
        Directory.CreateDirectory(Path.Combine(ObjectsDirectory, "nodetunings"));
        Directory.CreateDirectory(Path.Combine(ObjectsDirectory, "pods"));
        Start();
    }

    public TestClock Clock { get; } = new();

    public TimeProvider Time { get; }

    public DirectoryNodeObjects Objects { get; private set; }

    public Reconciler Reconciler { get; private set; } = null!;

    public KnobTrial Trial { get; private set; } = null!;

    public HeldValues Held { get; private set; } = null!;

    public string ObjectsDirectory => Path.Combine(directory.FullName, "objects");

    public string StateDirectory => Path.Combine(directory.FullName, "state");

    public string HeldFile => Path.Combine(StateDirectory, "held.jsonl");

    public string SpecFile => Path.Combine(ObjectsDirectory, "nodetunings", "node-1.yaml");

    public NodeTuningStatus Status => Objects.ReadStatus()!;

    /// <param name="boot">Another one says that the node itself was started anew.</param>
    public void Start(string? boot = null)
    {
        var state = Tuner.Desired.StateDirectory.Open(StateDirectory);
        Held = HeldValues.Open(state, boot ?? BootId.Read(), NullLogger<HeldValues>.Instance);
        var sysctls = new NamespaceSysctls();
        var metrics = new TunerMetrics();
        running.AddRange([state, Held, sysctls, metrics]);
        Objects = new DirectoryNodeObjects(ObjectsDirectory, "node-1");
        running.Add(Objects);
        Trial = new KnobTrial(knobs, NullLogger<KnobTrial>.Instance);
        Trial.Run();
        Reconciler = new Reconciler(
            Objects,
            Held,
            new ValueHolder(Held, sysctls, metrics, Time, NullLogger<ValueHolder>.Instance),
            new SettingCheck(knobs, Trial, sysctls, Held, Time),
            knobs,
            Trial,
            sysctls,
            metrics,
            Time,
            NullLogger<Reconciler>.Instance);
    }

    /// <summary>Ends it, as SIGTERM or SIGKILL would: nothing is put back.</summary>
    public void Stop()
    {
        running.ForEach(part => part.Dispose());
        running.Clear();
    }

    public void Restart()
    {
        Stop();
        Start();
    }

    /// <summary>One turn of the loop.</summary>
    public void Turn()
    {
        _ = Reconciler.RevertDue();
        Reconciler.Reconcile();
    }

    /// <summary>A pod of the workload that its name says.</summary>
    public void AddPod(string name, string networkNamespace, bool hostNetwork = false, string nodeName = "") =>
        ObjectFile.Write(PodFile(name), new Pod
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Namespace = "lab",
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.NetworkNamespaceAnnotation] = networkNamespace },
            },
            Spec = new PodSpec { HostNetwork = hostNetwork, NodeName = nodeName },
        });

    public string PodFile(string name) => Path.Combine(ObjectsDirectory, "pods", $"lab-{name}.yaml");

    public void Want(params SysctlSetting[] settings) =>
        ObjectFile.Write(SpecFile, new NodeTuning { Metadata = new ObjectMeta { Name = "node-1" }, Spec = new NodeTuningSpec { Settings = settings } });

    public SettingStatus StatusOf(string setting) => Assert.Single(Status.Settings, s => s.Name == setting);

    public void Dispose()
    {
        Stop();
        directory.Delete(recursive: true);
    }
}
