using System.CommandLine;
using NetPulse.Lab.Scenarios;

namespace NetPulse.Lab.Commands;

/// <summary><c>scenarios</c>: the reference page of all of them.</summary>
internal static class ScenariosCommand
{
    internal static Command Create()
    {
        var command = new Command("scenarios", "Prints the reference page of the scenarios (docs/lab.md).");
        command.SetAction(static _ => Console.Out.Write(ScenarioPage.Markdown()));
        return command;
    }
}
