using System.Diagnostics;
using System.Globalization;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

// The Tuner as a process beside 200 network namespaces, each with a setting: what a look at all of them costs, and what it costs at rest.
const int Namespaces = 200;
const string Sysctl = "net.ipv4.tcp_slow_start_after_idle";
var rest = TimeSpan.FromSeconds(60);

var folder = Directory.CreateTempSubdirectory("netpulse-bench-tuner-");
var names = Enumerable.Range(0, Namespaces).Select(i => $"npbench-{Environment.ProcessId}-{i}").ToList();
try
{
    Batch(names.Select(name => $"netns add {name}"));
    var objects = Path.Combine(folder.FullName, "objects");
    Directory.CreateDirectory(Path.Combine(objects, "pods"));
    Directory.CreateDirectory(Path.Combine(objects, "nodetunings"));
    foreach (var (index, name) in names.Index())
    {
        ObjectFile.Write(Path.Combine(objects, "pods", $"bench-pod-{index}.yaml"), new Pod
        {
            Metadata = new ObjectMeta
            {
                Name = $"pod-{index}",
                Namespace = "bench",
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.NetworkNamespaceAnnotation] = $"/run/netns/{name}" },
            },
        });
    }

    ObjectFile.Write(Path.Combine(objects, "nodetunings", "bench.yaml"), new NodeTuning
    {
        Metadata = new ObjectMeta { Name = "bench" },
        Spec = new NodeTuningSpec
        {
            Settings = [.. names.Index().Select(pod => new SysctlSetting
            {
                Name = $"setting-{pod.Index}", Pod = new PodReference { Namespace = "bench", Name = $"pod-{pod.Index}" }, Sysctl = Sysctl, Value = "0",
            })],
        },
    });

    using var tuner = Process.Start(new ProcessStartInfo(
        Path.Combine(AppContext.BaseDirectory, "netpulse-tuner"),
        ["run", "--tuner:node=bench", $"--tuner:objectsDirectory={objects}", $"--tuner:stateDirectory={Path.Combine(folder.FullName, "state")}"])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
    tuner.OutputDataReceived += static (_, _) => { };
    tuner.ErrorDataReceived += static (_, _) => { };
    tuner.BeginOutputReadLine();
    tuner.BeginErrorReadLine();
    try
    {
        var status = Path.Combine(objects, "nodetunings", "bench.status.yaml");
        if (!SpinWait.SpinUntil(() => Applied(status) == Namespaces, TimeSpan.FromMinutes(2)))
        {
            Console.Error.WriteLine($"only {Applied(status)} of {Namespaces} settings hold after two minutes");
            return 1;
        }

        // The first passes are compiled ones.
        await Task.Delay(TimeSpan.FromSeconds(15), TimeProvider.System, CancellationToken.None);
        var before = Read(tuner.Id);
        await Task.Delay(rest, TimeProvider.System, CancellationToken.None);
        var after = Read(tuner.Id);
        var share = (after.ProcessorSeconds - before.ProcessorSeconds) / rest.TotalSeconds;
        var perPass = (after.ProcessorSeconds - before.ProcessorSeconds) / (rest.TotalSeconds / 10);
        Console.WriteLine($"| Tuner, {Namespaces} namespaces with a setting each | figure | limit |");
        Console.WriteLine("|---|---|---|");
        Console.WriteLine($"| processor time of a look at all of them, with all between two looks | {perPass * 1000:0.0} ms | 100 ms |");
        Console.WriteLine($"| at rest, share of a core over {rest.TotalSeconds:0} s | {share * 100:0.000} % | 0.1 % |");
        Console.WriteLine($"| at rest, resident memory | {after.ResidentBytes / 1048576.0:0.0} MiB | 50 MiB |");
        return 0;
    }
    finally
    {
        tuner.Kill();
        await tuner.WaitForExitAsync();
    }
}
finally
{
    Batch(names.Select(name => $"netns delete {name}"));
    folder.Delete(recursive: true);
}

static int Applied(string status)
{
    try
    {
        return ObjectFile.Read<NodeTuning>(status).Status?.Settings.Count(setting => setting.State == SettingState.Applied) ?? 0;
    }
    catch (ObjectFileException)
    {
        return 0;
    }
}

static (double ProcessorSeconds, double ResidentBytes) Read(int process)
{
    // proc(5): utime and stime are the 12th and 13th field behind the name, in hundredths of a second.
    var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[1].Split(' ');
    var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    var resident = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
    return (ticks / 100.0, double.Parse(resident, CultureInfo.InvariantCulture) * 1024);
}

static void Batch(IEnumerable<string> commands)
{
#pragma warning disable S4036 // distributions keep ip in different folders; PATH knows which
    using var ip = Process.Start(new ProcessStartInfo("ip", ["-force", "-batch", "-"]) { UseShellExecute = false, RedirectStandardInput = true })!;
#pragma warning restore S4036
    foreach (var command in commands)
    {
        ip.StandardInput.WriteLine(command);
    }

    ip.StandardInput.Close();
    ip.WaitForExit();
}
