/**
 * The dashboard's entry: puts the view that the server names into the page.
 */
import { render } from 'hono/jsx/dom'
import { BudgetPage } from './dashboard/budget-page.tsx'
import { KeyPage } from './dashboard/key-page.tsx'
import { OverviewPage } from './dashboard/overview.tsx'
import { ReceiptView } from './dashboard/receipt-view.tsx'
import { RequestList } from './dashboard/request-list.tsx'

const VIEWS = new Map([
  ['overview', OverviewPage],
  ['requests', RequestList],
  ['receipt', ReceiptView],
  ['keys', KeyPage],
  ['budgets', BudgetPage],
])

const place = document.getElementById('dashboard')
const View = VIEWS.get(place?.dataset.view ?? '')
if (place !== null && View !== undefined) render(<View />, place)
