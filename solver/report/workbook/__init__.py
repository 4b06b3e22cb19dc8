"""The workbook for procurement: bill of materials, frontier, sensitivities, assumptions."""
